"""How many independent values a dependent sequence is worth, for the quantile that is to be stated.

Latencies behind a queue come in runs: one slow request delays the next. The p-quantile of n such values is known as
well as from n / τ independent ones, where τ is the integrated autocorrelation time of the indicator 1{x > quantile}.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft, stats

from bench.analysis.stats.quantile import quantile
from bench.analysis.stats.samples import Samples, as_sequences, require_share

_TRUSTED_EXCEEDANCES = 20
"""Independent exceedances that τ at a level must rest on before that level's τ is believed alone (see below)."""

_VARIANCE_OF_RUNS = 4.0
"""How many times as much τ varies for runs of random length as for a Gaussian sequence (see below)."""

_MOST_TAKEN = 0.75
"""Bound of the share of τ that the sample's own mean takes: a drift over the whole sample has no end to correct for."""


def effective_sample_size(sequences: Sequence[npt.ArrayLike], p: float) -> float:
    """Return how many independent values would know the p-quantile as well as these, between 1 and n.

    sequences: separate stretches (blocks) in time order, [n_i] each, +inf for failed requests; nothing is assumed to
    carry over from one to the next, and a shift between them counts as dependence as far as one stretch shows it.

    A sample that saw too few slow runs also believes itself too exact, so n / τ alone covers too seldom. Against it:
    - Where few independent exceedances lie beyond the quantile their clustering cannot be seen. So τ is the largest
      over p and levels nearer the median (tails of 2, 4, 8 … times the size) until one rests on 20 of them.
    - τ is freed of what the sample's mean takes from every autocovariance (`_autocorrelation`).
    - τ is an estimate, so the interval is as much wider as Student's is than the normal one (`_Autocorrelation`).

    Coverage of the 95 % rank interval, M/M/1 response times in 5 blocks of 84 to 700 requests at ρ = 0.5, 0.7, 0.8, a
    fifth left out as settling: largest τ alone 85–97 % (p90 and p95 worst), without the mean's share 86–96 %, with
    Student's factor for a variance of τ as of a Gaussian sequence 92–97 %, twice that 93–97 %, four times 94.6 % and
    more (2,000 seeds), which is used. The true τ would give 95–99 %. Independent values pay nothing from 400 on (2 % of
    n); of 150 they lose 10 % at most, and a dependent sequence 10 (AR(1), φ = 0.8, n = 1,500) to 60 % (420 of M/M/1).
    """
    require_share("p", p)
    arrays = as_sequences(sequences)
    pooled = np.concatenate(arrays)
    tail, longest = min(p, 1.0 - p), _Autocorrelation(time=1.0, lags=0)
    while True:
        level = 1.0 - tail if p > 0.5 else tail
        exceeding = _exceeding(arrays, quantile(pooled, level))
        longest = max(longest, _autocorrelation(exceeding), key=lambda found: found.time)
        share = sum(float(indicator.sum()) for indicator in exceeding) / pooled.size
        trusted = min(share, 1.0 - share) * pooled.size / longest.time >= _TRUSTED_EXCEEDANCES
        if trusted or tail >= 0.5:
            return longest.effective(pooled.size)
        tail = min(0.5, 2.0 * tail)


@dataclass(frozen=True, slots=True)
class _Autocorrelation:
    """The integrated autocorrelation time τ = 1 + 2 Σ ρ_k, at least 1, and how many lags k were summed for it."""

    time: float
    lags: int

    def effective(self, n: int) -> float:
        """Return n / τ · (z / t)², at least 1, t of Student's distribution with the degrees of freedom of τ.

        The variance of τ is 2 (2 lags + 1) / n · τ² for a Gaussian sequence (Priestley, Spectral Analysis, 1981,
        §6.2.4), four times that for runs of slow requests. Of τ only the excess over 1 is estimated: independent values
        vary by p(1-p), which is known. So it has n / (4 (2 lags + 1)) · (τ / (τ - 1))² degrees (Satterthwaite 1946).
        """
        if self.time <= 1.0:
            return float(n)
        freedom = n / (_VARIANCE_OF_RUNS * (2 * self.lags + 1)) * (self.time / (self.time - 1.0)) ** 2
        z_over_t = float(stats.norm.isf(0.025) / stats.t.isf(0.025, max(1.0, freedom)))
        return max(1.0, n / self.time * z_over_t**2)


def _exceeding(arrays: list[Samples], bound: float) -> list[Samples]:
    """Return the indicators 1{x > bound}, or 1{x ≥ bound} where the bound is the highest value (all failed, ties)."""
    strict = any(bool((array > bound).any()) for array in arrays)
    return [(array > bound if strict else array >= bound).astype(np.float64) for array in arrays]


def _autocorrelation(sequences: list[Samples]) -> _Autocorrelation:
    """Return τ, summed over Geyer's initial monotone positive sequence.

    Sums of neighbouring autocovariances γ_2m + γ_2m+1 are added while they stay positive, none above the one before
    (Geyer, Practical Markov Chain Monte Carlo, Statistical Science 1992, §3.3). Autocovariances are pooled over the
    sequences around their common mean and divided by n, which weights a lag by the pairs that really have it. Distances
    to the sample's mean instead of the true one take its variance γ_0 τ / n from each of those pairs, so the sum is
    divided by 1 - (pairs summed over) / n².
    """
    covariance = _pooled_autocovariance(sequences)
    pairs = covariance[: covariance.size // 2 * 2].reshape(-1, 2).sum(axis=1)
    ends = np.flatnonzero(pairs <= 0.0)
    positive = pairs[: ends[0]] if ends.size else pairs
    if positive.size == 0 or covariance[0] == 0.0:
        return _Autocorrelation(1.0, 0)
    monotone = np.minimum.accumulate(positive)
    time, lags = 2.0 * float(monotone.sum()) / float(covariance[0]) - 1.0, 2 * positive.size - 1
    taken = min(_MOST_TAKEN, _pairs_within(sequences, lags) / sum(sequence.size for sequence in sequences) ** 2)
    return _Autocorrelation(max(1.0, time / (1.0 - taken)), lags)


def _pairs_within(sequences: list[Samples], lags: int) -> int:
    """Return how many ordered pairs of values of one sequence lie at most so many places apart."""
    reaches = ((sequence.size, min(lags, sequence.size - 1)) for sequence in sequences)
    return sum(size * (2 * reach + 1) - reach * (reach + 1) for size, reach in reaches)


def _pooled_autocovariance(sequences: list[Samples]) -> Samples:
    """Return Σ over sequences of Σ_i d_i d_(i+k) / n for every lag k, d = distance to the mean of all values."""
    n = sum(sequence.size for sequence in sequences)
    mean = sum(float(sequence.sum()) for sequence in sequences) / n
    total = np.zeros(max(sequence.size for sequence in sequences))
    for sequence in sequences:
        padded = fft.next_fast_len(2 * sequence.size, real=True)
        spectrum = fft.rfft(sequence - mean, padded)
        total[: sequence.size] += fft.irfft(np.abs(spectrum) ** 2, padded)[: sequence.size]
    return total / n
