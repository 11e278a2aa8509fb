"""MLPerf's early stopping: how many queries a percentile takes, and which value may stand for it, at one-sided 99 %.

Kept for parity with other load generators' output; the project's own intervals are two-sided (`percentile_interval`).
Every query counts as independent of the others, which behind a queue it is not. With h queries under a latency bound
and t over it, the p-quantile is under the bound at confidence c when

    P(Bin(h + t, 1 - p) ≤ t) = I_p(h, t + 1) < 1 - c        (I: regularised incomplete beta function)

(MLPerf Inference rules, early stopping, tolerance 0; the identity: Abramowitz & Stegun 26.5.24.)
"""

from __future__ import annotations

from collections.abc import Callable

from scipy import special, stats

from bench.analysis.stats.samples import TooFewSamples, require_share


def minimum_under(over: int, p: float, confidence: float = 0.99) -> int:
    """Return h_min(t): how many queries have to stay under the bound when `over` exceed it.

    With none over, ln(1 - c) / ln(p), rounded up. Raises ValueError where over is negative.
    """
    require_share("p", p)
    require_share("confidence", confidence)
    if over < 0:
        raise ValueError(f"over must be 0 or more, not {over}; it counts queries over the latency bound")
    return _first(lambda under: bool(special.betainc(under, over + 1, p) < 1.0 - confidence))


def minimum_queries(p: float, over: int, confidence: float = 0.99) -> int:
    """Return h_min(t) + t. At p90, p99, p99.9: 44, 459, 4603 with none over the bound; 64, 662, 6636 with one."""
    return minimum_under(over, p, confidence) + over


def estimate_rank(n: int, p: float, confidence: float = 0.99) -> int:
    """Return the 1-based rank, from the fastest, of the value that LoadGen reports for the p-quantile of n queries.

    The t-th slowest, rank n + 1 - t, with the largest t ≥ 1 for which n ≥ h_min(t) + t: t of n queries may exceed it.
    Raises TooFewSamples under h_min(1) + 1 queries: 64, 662, 6636 at p90, p99, p99.9.
    """
    allowed = _allowed_over(n, p, confidence)
    if allowed < 1:
        raise TooFewSamples(f"MLPerf's estimate of p{100 * p:g}", n, minimum_queries(p, 1, confidence))
    return n + 1 - allowed


def tight_rank(n: int, p: float, confidence: float = 0.99) -> int:
    """Return the lowest rank whose value lies over the p-quantile at that confidence: one under LoadGen's.

    The t-th slowest lies under the quantile only when at most t - 1 values exceed the quantile, so t = (largest number
    allowed over) + 1; LoadGen's rule asks the same of t, and gives one rank away. So the slowest of 459 queries bounds
    p99, where LoadGen wants 662. Raises TooFewSamples under h_min(0) queries.
    """
    allowed = _allowed_over(n, p, confidence)
    if allowed < 0:
        raise TooFewSamples(f"an upper bound of p{100 * p:g}", n, minimum_queries(p, 0, confidence))
    return n - allowed


def _allowed_over(n: int, p: float, confidence: float) -> int:
    """Return the largest t with P(Bin(n, 1 - p) ≤ t) < 1 - confidence, -1 where there is none."""
    require_share("p", p)
    require_share("confidence", confidence)
    return int(stats.binom.ppf(1.0 - confidence, n, 1.0 - p)) - 1 if n > 0 else -1


def _first(enough: Callable[[int], bool]) -> int:
    """Return the smallest number from 1 that is enough, where every larger one is too."""
    high = 1
    while not enough(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
