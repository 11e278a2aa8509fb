"""Do the intervals cover what they claim? Simulated samples whose true quantiles are known, fixed seeds.

The fast tests use few seeds and bounds about three standard errors wide, the `verify` ones 2,000 and the final bounds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from scipy import stats
from scipy.signal import lfilter

from bench.analysis.stats.dependence import effective_sample_size
from bench.analysis.stats.paired import median_difference
from bench.analysis.stats.quantile import percentile_interval
from bench.analysis.stats.queueing import MM1
from bench.analysis.stats.tails import tail_difference
from bench.analysis.stats.users import paired_mean_difference

Blocks = list[np.ndarray]


def _independent(rng: np.random.Generator) -> Blocks:
    return [rng.standard_normal(400) for _ in range(5)]


def _ar1(rng: np.random.Generator) -> Blocks:
    return [_correlated(rng, 0.8, 2000) for _ in range(5)]


def _correlated(rng: np.random.Generator, phi: float, n: int) -> np.ndarray:
    noise = rng.standard_normal(n) * math.sqrt(1.0 - phi**2)
    noise[0] = rng.standard_normal()
    return lfilter([1.0], [1.0, -phi], noise)


def _mm1_waits(rng: np.random.Generator, rho: float = 0.7, n: int = 2000) -> Blocks:
    """Five stationary stretches by Lindley's recursion, service mean 1 s: w' = max(0, w + service - gap)."""
    blocks = []
    for _ in range(5):
        start = rng.exponential(1.0 / (1.0 - rho)) if rng.random() < rho else 0.0
        steps = rng.exponential(1.0, n - 1) - rng.exponential(1.0 / rho, n - 1)
        walk = np.concatenate(([0.0], np.cumsum(steps)))
        blocks.append(walk - np.minimum(np.minimum.accumulate(walk), -start))
    return blocks


def _rank_coverage(draw: Callable[[np.random.Generator], Blocks], p: float, truth: float, seeds: int) -> float:
    covered = 0
    for seed in range(seeds):
        blocks = draw(np.random.default_rng(seed))
        size = effective_sample_size(blocks, p)
        covered += percentile_interval(np.concatenate(blocks), p, effective_n=size).contains(truth)
    return covered / seeds


_RANK_CASES = [
    pytest.param(draw, p, truth, id=f"{name}-p{100 * p:g}")
    for name, draw, true_quantile in (
        ("independent", _independent, stats.norm.ppf),
        ("ar1", _ar1, stats.norm.ppf),
        ("mm1", _mm1_waits, MM1(0.7, 1.0).wait_quantile_s),
    )
    for p in (0.5, 0.9, 0.95, 0.99)
    for truth in [float(true_quantile(p))]
]


@pytest.mark.parametrize(("draw", "p", "truth"), _RANK_CASES)
def test_rank_intervals_cover(draw: Callable[[np.random.Generator], Blocks], p: float, truth: float) -> None:
    assert 0.90 <= _rank_coverage(draw, p, truth, 200) <= 1.0


@pytest.mark.verify
@pytest.mark.parametrize(("draw", "p", "truth"), _RANK_CASES)
def test_rank_intervals_cover_over_2000_seeds(
    draw: Callable[[np.random.Generator], Blocks], p: float, truth: float
) -> None:
    assert 0.935 <= _rank_coverage(draw, p, truth, 2000) <= 0.98


@pytest.mark.parametrize("p", [0.5, 0.9])
def test_without_the_effective_size_a_queue_is_covered_far_too_seldom(p: float) -> None:
    """The fault this is for: proves that the coverage test can fail."""
    truth = MM1(0.7, 1.0).wait_quantile_s(p)
    covered = [
        percentile_interval(np.concatenate(_mm1_waits(np.random.default_rng(seed))), p).contains(truth)
        for seed in range(100)
    ]
    assert np.mean(covered) < 0.65


_TRUE_SHIFT = 1.0
_OWN_NOISE = 0.5


def _arms(
    rng: np.random.Generator, processes: int, blocks: int, block_effect: float, phi: float, n: int
) -> tuple[list[Blocks], list[Blocks]]:
    """Arms that share each block's noise (the same requests), have noise of their own and differ by a shift."""
    base: list[Blocks] = []
    head: list[Blocks] = []
    for _ in range(processes):
        base.append([])
        head.append([])
        for _ in range(blocks):
            shared = 20.0 + _correlated(rng, phi, n)
            effect = rng.normal(0.0, block_effect)
            base[-1].append(shared + _OWN_NOISE * _correlated(rng, phi, n))
            head[-1].append(shared + _OWN_NOISE * _correlated(rng, phi, n) + _TRUE_SHIFT + effect)
    return base, head


def _true_difference(p: float, block_effect: float) -> float:
    spread = math.sqrt(1.0 + _OWN_NOISE**2)
    return _TRUE_SHIFT + float(stats.norm.ppf(p)) * (math.hypot(spread, block_effect) - spread)


@dataclass(frozen=True)
class _TailCase:
    processes: int = 1
    blocks: int = 5
    requests: int = 300
    block_effect: float = 0.0
    phi: float = 0.0
    p: float = 0.9
    most: float = 0.98


def _tail_coverage(case: _TailCase, seeds: int) -> float:
    truth, covered = _true_difference(case.p, case.block_effect), 0
    for seed in range(seeds):
        base, head = _arms(
            np.random.default_rng(seed), case.processes, case.blocks, case.block_effect, case.phi, case.requests
        )
        result = tail_difference(base, head, case.p, np.random.default_rng(10**6 + seed), resamples=200)
        covered += result.difference.contains(truth)
    return covered / seeds


_TAIL_CASES = [
    pytest.param(_TailCase(), id="independent"),
    pytest.param(_TailCase(p=0.99, most=0.985), id="independent-p99"),  # 98.15 %: bootstrap variances are too large
    pytest.param(_TailCase(blocks=6, block_effect=0.2), id="block-effects"),
    pytest.param(_TailCase(processes=2, blocks=3, block_effect=0.2), id="block-effects-2-processes"),
    pytest.param(_TailCase(phi=0.7), id="dependent"),
]


@pytest.mark.parametrize("case", _TAIL_CASES)
def test_tail_intervals_cover(case: _TailCase) -> None:
    assert 0.87 <= _tail_coverage(case, 100) <= 1.0


@pytest.mark.verify
@pytest.mark.parametrize("case", _TAIL_CASES)
def test_tail_intervals_cover_over_2000_seeds(case: _TailCase) -> None:
    assert 0.92 <= _tail_coverage(case, 2000) <= case.most


@pytest.mark.parametrize("block_effect", [0.0, 0.2])
def test_median_intervals_cover(block_effect: float) -> None:
    covered = []
    for seed in range(600):
        base, head = _arms(np.random.default_rng(seed), 1, 6, block_effect, 0.0, 300)
        covered.append(median_difference(base, head).difference.contains(_TRUE_SHIFT))
    assert 0.92 <= np.mean(covered) <= 0.98


def test_process_effects_are_covered_over_processes_only() -> None:
    """Two processes of three blocks and nothing but process effects: pairs cover 54 %, processes 95 %."""
    over_pairs, over_processes = [], []
    for seed in range(600):
        effects = np.random.default_rng(seed).normal(0.0, 0.1, 2)
        base = [[np.ones(5) for _ in range(3)] for _ in effects]
        head = [[np.full(5, math.exp(effect)) for _ in range(3)] for effect in effects]
        result = median_difference(base, head)
        assert result.ratio_over_processes is not None
        over_pairs.append(result.ratio.contains(1.0))
        over_processes.append(result.ratio_over_processes.contains(1.0))
    assert np.mean(over_pairs) == pytest.approx(0.54, abs=0.06)
    assert 0.92 <= np.mean(over_processes) <= 0.98


def test_user_intervals_cover() -> None:
    covered = []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        base = rng.beta(0.5, 5.0, 300)
        head = base + rng.exponential(0.02, 300) - 0.01
        interval = paired_mean_difference(base, head, rng, resamples=300)
        covered.append(interval.contains(0.01))
    assert 0.91 <= np.mean(covered) <= 0.98
