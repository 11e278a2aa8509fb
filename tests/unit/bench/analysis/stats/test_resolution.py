"""The spread of equal arms against what was planted, and what a number of processes and blocks resolves."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from bench.analysis.stats.paired import median_difference
from bench.analysis.stats.resolution import Design, Spread, detectable_ratio, median_spread, resolvable_ratio

Arms = tuple[list[list[np.ndarray]], list[list[np.ndarray]]]


def _planted(
    rng: np.random.Generator, processes: int, blocks: int, *, process: float = 0.0, block: float = 0.0, request: float
) -> Arms:
    """Two arms around 1 ms, `blocks` a process, 40 requests each; the second carries all effects, as ln ratios."""
    base, head = [], []
    for _ in range(processes):
        restart = rng.normal(0.0, process)
        base.append([np.exp(rng.normal(0.0, request, 40)) for _ in range(blocks)])
        head.append([np.exp(restart + rng.normal(0.0, block) + rng.normal(0.0, request, 40)) for _ in range(blocks)])
    return base, head


def _median_noise(request: float) -> float:
    """Standard deviation of the ln ratio of two medians of 40 normal values: √(π/2n) of each."""
    return request * math.sqrt(2.0 * math.pi / (2.0 * 40))


@pytest.mark.parametrize(
    ("process", "block"), [(0.0, 0.0), (0.05, 0.0), (0.0, 0.05), (0.03, 0.06)], ids=["none", "process", "block", "both"]
)
def test_each_level_is_found_where_it_was_planted(process: float, block: float) -> None:
    base, head = _planted(np.random.default_rng(3), 150, 4, process=process, block=block, request=0.1)
    spread = median_spread(base, head, np.random.default_rng(1))
    assert spread.processes == pytest.approx(process, abs=0.008)
    assert spread.blocks == pytest.approx(block, abs=0.01)
    assert spread.requests == pytest.approx(_median_noise(0.1), rel=0.15)
    assert spread.block_median == pytest.approx(math.hypot(block, _median_noise(0.1)), rel=0.1)


def test_by_hand() -> None:
    spread = Spread(processes=0.03, blocks=0.04, requests=0.0)
    error = math.sqrt(0.03**2 / 4 + 0.04**2 / 8)
    assert resolvable_ratio(spread, Design(4, 8)) == pytest.approx(math.exp(3.182446 * error))  # t(0.975, 3)
    assert resolvable_ratio(spread, Design(4, 8), level=0.9) == pytest.approx(math.exp(2.353363 * error))
    requests_alone = Spread(processes=0.0, blocks=0.0, requests=0.04)
    assert resolvable_ratio(requests_alone, Design(2, 4)) == pytest.approx(math.exp(12.706205 * 0.02))


def test_it_is_the_reach_of_the_interval_that_the_same_measurement_gives() -> None:
    base, head = _planted(np.random.default_rng(5), 6, 3, process=0.05, block=0.02, request=0.05)
    interval = median_difference(base, head).ratio_over_processes
    assert interval is not None
    spread = median_spread(base, head, np.random.default_rng(1))
    assert resolvable_ratio(spread, Design(6, 18)) == pytest.approx(interval.high / interval.point)


def test_more_blocks_do_not_help_against_restarts_and_more_processes_do() -> None:
    restarts = Spread(processes=0.02, blocks=0.0, requests=0.0)
    assert resolvable_ratio(restarts, Design(4, 8)) == resolvable_ratio(restarts, Design(4, 800))
    reached = [resolvable_ratio(restarts, Design(processes, 2 * processes)) for processes in (2, 3, 4, 6, 10, 20)]
    assert reached == sorted(reached, reverse=True)


@pytest.mark.parametrize("processes", [2, 3, 6])
def test_a_detectable_ratio_is_told_four_times_out_of_five_and_a_resolvable_one_is_a_toss(processes: int) -> None:
    spread, design = Spread(processes=0.02, blocks=0.01, requests=0.0), Design(processes, 2 * processes)
    sd = math.sqrt(0.02**2 + 0.01**2 / 2)  # of the mean of a process with its two blocks
    rng = np.random.default_rng(0)
    for ratio, low, high in (
        (detectable_ratio(spread, design), 0.78, 0.82),
        (detectable_ratio(spread, design, power=0.5), 0.48, 0.52),
        (1.0, 0.02, 0.03),
    ):
        means = rng.normal(math.log(ratio), sd, (20_000, processes))
        reach = stats.t.ppf(0.975, processes - 1) * means.std(axis=1, ddof=1) / math.sqrt(processes)
        assert low < np.mean(means.mean(axis=1) > reach) < high


def test_one_process_cannot_tell_a_restart_from_an_arm() -> None:
    spread = Spread(processes=0.0, blocks=0.01, requests=0.01)
    assert resolvable_ratio(spread, Design(1, 10)) == math.inf
    assert detectable_ratio(spread, Design(1, 10)) == math.inf


def test_what_was_not_measured_is_refused() -> None:
    base, head = _planted(np.random.default_rng(0), 1, 4, request=0.1)
    spread = median_spread(base, head, np.random.default_rng(0))
    assert spread.processes is None
    with pytest.raises(ValueError, match="between processes was not measured"):
        resolvable_ratio(spread, Design(2, 4))
    base, head = _planted(np.random.default_rng(0), 3, 1, request=0.1)
    with pytest.raises(ValueError, match="a process with two"):
        median_spread(base, head, np.random.default_rng(0))
    with pytest.raises(ValueError, match="each process serves one at least"):
        Design(4, 3)


def test_failed_requests_leave_the_spread_of_the_others() -> None:
    base, head = _planted(np.random.default_rng(2), 3, 2, request=0.1)
    head[0][0][:15] = np.inf
    spread = median_spread(base, head, np.random.default_rng(0))
    assert math.isfinite(spread.block_median) and spread.block_median > 0.0
