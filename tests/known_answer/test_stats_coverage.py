"""Do the intervals cover what they claim? Simulated samples whose true quantiles are known, fixed seeds.

The fast tests use few seeds and bounds two to three standard errors wide, the `verify` ones 2,000 and the final bounds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
from scipy import stats
from scipy.signal import lfilter

from bench.analysis.stats.dependence import effective_sample_size
from bench.analysis.stats.paired import median_difference
from bench.analysis.stats.quantile import percentile_interval
from bench.analysis.stats.queueing import MM1
from bench.analysis.stats.tails import TailDifference, tail_difference
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


def _settled_mm1(rng: np.random.Generator, rho: float, counted: int) -> Blocks:
    """Response times of five blocks that start empty and leave their first fifth out, service mean 1 s."""
    n = math.ceil(counted / 0.8)
    blocks = []
    for _ in range(5):
        services = rng.exponential(1.0, n)
        walk = np.concatenate(([0.0], np.cumsum(services[:-1] - rng.exponential(1.0 / rho, n)[1:])))
        blocks.append((walk - np.minimum.accumulate(walk) + services)[n - counted :])
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


_SHORT_QUEUES = [
    pytest.param(partial(_settled_mm1, rho=rho, counted=counted), p, MM1(rho, 1.0).response_quantile_s(p), id=name)
    for rho in (0.5, 0.7, 0.8)
    for counted in (84, 150, 300, 700)
    for p in (0.5, 0.9, 0.95, 0.99)
    for name in [f"rho{rho}-{counted}-p{100 * p:g}"]
]
"""Short blocks of a busy queue; a bound that does not exist is inf and covers, at p99 nearly always."""


@pytest.mark.parametrize(("draw", "p", "truth"), _SHORT_QUEUES[::7])
def test_rank_intervals_cover_short_blocks_of_a_queue(
    draw: Callable[[np.random.Generator], Blocks], p: float, truth: float
) -> None:
    assert _rank_coverage(draw, p, truth, 150) >= 0.90


@pytest.mark.verify
@pytest.mark.parametrize(("draw", "p", "truth"), _SHORT_QUEUES)
def test_rank_intervals_cover_short_blocks_of_a_queue_over_2000_seeds(
    draw: Callable[[np.random.Generator], Blocks], p: float, truth: float
) -> None:
    assert _rank_coverage(draw, p, truth, 2000) >= 0.935


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
    rng: np.random.Generator,
    processes: int,
    blocks: int,
    block_effect: float,
    phi: float,
    n: int,
    process_effect: float = 0.0,
) -> tuple[list[Blocks], list[Blocks]]:
    """Arms that share each block's noise (the same requests), have noise of their own and differ by a shift."""
    base: list[Blocks] = []
    head: list[Blocks] = []
    for _ in range(processes):
        base.append([])
        head.append([])
        restart = rng.normal(0.0, process_effect) if process_effect else 0.0
        for _ in range(blocks):
            shared = 20.0 + _correlated(rng, phi, n)
            effect = rng.normal(0.0, block_effect)
            base[-1].append(shared + _OWN_NOISE * _correlated(rng, phi, n))
            head[-1].append(shared + _OWN_NOISE * _correlated(rng, phi, n) + _TRUE_SHIFT + effect + restart)
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
    process_effect: float = 0.0


def _tails(case: _TailCase, seeds: int) -> list[TailDifference]:
    results = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        arms = _arms(rng, case.processes, case.blocks, case.block_effect, case.phi, case.requests, case.process_effect)
        results.append(tail_difference(*arms, case.p, np.random.default_rng(10**6 + seed), resamples=200))
    return results


def _tail_coverage(case: _TailCase, seeds: int) -> float:
    truth = _true_difference(case.p, math.hypot(case.block_effect, case.process_effect))
    return float(np.mean([result.difference.contains(truth) for result in _tails(case, seeds)]))


_TAIL_CASES = [
    pytest.param(_TailCase(), id="independent"),
    pytest.param(_TailCase(p=0.99), id="independent-p99"),
    pytest.param(_TailCase(processes=2, blocks=3, p=0.99), id="independent-p99-2-processes"),
    pytest.param(_TailCase(blocks=6, block_effect=0.2), id="block-effects"),
    pytest.param(_TailCase(processes=2, blocks=3, block_effect=0.2), id="block-effects-2-processes"),
    pytest.param(_TailCase(phi=0.7), id="dependent"),
    pytest.param(_TailCase(processes=4, blocks=3, process_effect=0.3), id="process-effects-4-processes"),
]


@pytest.mark.parametrize("case", _TAIL_CASES)
def test_tail_intervals_cover(case: _TailCase) -> None:
    assert 0.87 <= _tail_coverage(case, 50) <= 1.0


@pytest.mark.verify
@pytest.mark.parametrize("case", _TAIL_CASES)
def test_tail_intervals_cover_over_2000_seeds(case: _TailCase) -> None:
    assert 0.92 <= _tail_coverage(case, 2000) <= 0.98


_TWO_RESTARTS = _TailCase(processes=2, blocks=3, process_effect=0.3)


def _coverage_of_two_restarts(seeds: int) -> tuple[float, float, float]:
    """Coverage over processes, coverage pooled, and the median share of restarts in the component within."""
    truth, results = _true_difference(_TWO_RESTARTS.p, _TWO_RESTARTS.process_effect), _tails(_TWO_RESTARTS, seeds)
    over_processes = [result.difference_over_processes for result in results]
    shares = [(result.components.between_processes or 0.0) / (result.components.within or 1.0) for result in results]
    return (
        float(np.mean([interval is not None and interval.contains(truth) for interval in over_processes])),
        float(np.mean([result.difference.contains(truth) for result in results])),
        float(np.median(shares)),
    )


def test_two_restarts_are_covered_over_processes_only() -> None:
    """The pooled interval does not cover restarts; its own statement does, and the component tells of them."""
    over_processes, pooled, share = _coverage_of_two_restarts(50)
    assert over_processes >= 0.88
    assert pooled < 0.87
    assert share > 2.0


@pytest.mark.verify
def test_two_restarts_are_covered_over_processes_only_over_2000_seeds() -> None:
    over_processes, pooled, share = _coverage_of_two_restarts(2000)
    assert 0.92 <= over_processes <= 0.98
    assert pooled < 0.87
    assert share > 2.0


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
