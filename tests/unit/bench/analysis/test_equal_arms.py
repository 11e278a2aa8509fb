"""Two arms of a run with planted latencies: what is equal is not told apart, what is not is."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from synthetic_run import make_arm, make_rows, make_run
from virtual_service import response_ns, serve_closed

from bench.analysis.equal_arms import equal_arms
from bench.analysis.stats.samples import TooFewSamples, UndefinedDifference

PROCESSES, BLOCKS, REQUESTS = 4, 8, 60


def rows(name, response_ms, processes=PROCESSES, **changes):
    """BLOCKS blocks, dealt to the processes in turn as the runner does."""
    block = np.arange(len(response_ms)) * BLOCKS // len(response_ms)
    return make_rows(name, response_ms, block=block, process=block % processes, **changes)


def compared(*tables):
    requests = pd.concat(tables, ignore_index=True)
    return equal_arms(make_run([make_arm("a"), make_arm("b")], requests), requests)


def served_ms(seed, service_ms, restart_sd=0.0, requests=REQUESTS):
    """Response times in virtual time of a service that takes service_ms ± 5 % and differs by restart.

    requests: in each block.
    """
    rng = np.random.default_rng(seed)
    by_process = np.exp(rng.normal(0.0, restart_sd, PROCESSES))
    process = np.repeat(np.arange(BLOCKS) % PROCESSES, requests)
    service_ns = service_ms * 1e6 * by_process[process] * np.exp(rng.normal(0.0, 0.05, BLOCKS * requests))
    return response_ns(serve_closed(service_ns.astype(np.int64).tolist())) / 1e6


def test_by_hand():
    """Process medians of b are 1 %, 2 %, 3 % and 4 % above those of a, and nothing else varies."""
    base = np.full(BLOCKS * REQUESTS, 2.0)
    factor = 1 + 0.01 * (1 + np.arange(BLOCKS) % PROCESSES)
    found = compared(rows("a", base), rows("b", base * np.repeat(factor, REQUESTS)))
    logs = np.log([1.01, 1.02, 1.03, 1.04])
    assert (found.design.processes, found.design.blocks, found.requests) == (4, 8, 480)
    assert found.p50.base_ms == 2.0
    assert found.p50.ratio.point == pytest.approx(math.exp(logs.mean()))
    assert found.spread.processes == pytest.approx(logs.std(ddof=1))
    assert found.spread.block_median == pytest.approx(0.0, abs=1e-12)
    reach = 3.182446 * logs.std(ddof=1) / 2  # t(0.975, 3)
    assert found.p50.resolvable_ratio == pytest.approx(math.exp(reach))
    assert found.p50.resolvable_ms == pytest.approx(2.0 * (math.exp(reach) - 1))
    assert found.p50.differs
    assert found.resolvable_with(16) == pytest.approx(math.exp(2.131450 * logs.std(ddof=1) / 4))  # t(0.975, 15)


def test_equal_arms_are_told_apart_once_in_twenty_times():
    """Restarts differ by 3 %, which blocks alone would take for a difference far more often."""
    found = [
        compared(*(rows(name, served_ms(2 * seed + turn, 2.0, 0.03, 40)) for turn, name in enumerate("ab")))
        for seed in range(60)
    ]
    assert sum(one.p50.differs for one in found) <= 8
    assert all(one.p50.resolvable_ratio > 1.005 for one in found)
    measured = np.sqrt(np.mean([one.spread.processes**2 for one in found]))
    assert measured == pytest.approx(0.03 * math.sqrt(2), rel=0.2), "both arms restart"


def test_unequal_arms_are_told_apart():
    """2.0 ms against 2.4 ms, restarts differing by 1 %."""
    found = compared(rows("a", served_ms(1, 2.0, 0.01)), rows("b", served_ms(2, 2.4, 0.01)))
    assert found.p50.differs
    assert found.p99 is not None
    assert found.p99.differs
    assert found.p50.ratio.point == pytest.approx(1.2, rel=0.02)
    assert found.p99.ratio.point == pytest.approx(1.2, rel=0.03)
    assert found.p50.ratio.point > found.p50.resolvable_ratio
    assert "At p50 and p99 they are told apart" in found.sentence


def test_a_tail_that_too_few_requests_owe_is_left_out():
    found = compared(rows("a", served_ms(1, 2.0, requests=40)), rows("b", served_ms(2, 2.0, requests=40)))
    assert found.p99 is None
    assert found.as_json()["p99"] is None
    assert "p99" not in found.sentence


def test_what_is_written_is_plain():
    found = compared(rows("a", served_ms(1, 2.0, 0.01)), rows("b", served_ms(2, 2.0, 0.01)))
    written = json.loads(json.dumps(found.as_json(), allow_nan=False))
    assert set(written) == {
        "arm", "load", "offered_per_s", "processes", "blocks", "requests", "spread", "p50", "p99", "detectable_ratio",
        "resolvable_ratio_by_processes",
    }  # fmt: skip
    assert (written["arm"], written["load"], written["offered_per_s"]) == ("A", "single_stream", None)
    assert set(written["spread"]) == {"processes", "blocks", "requests"}
    assert written["p50"]["ratio_low"] < written["p50"]["ratio"] < written["p50"]["ratio_high"]
    assert written["detectable_ratio"] > written["p50"]["resolvable_ratio"] > 1.0
    assert list(written["resolvable_ratio_by_processes"]) == ["2", "3", "4", "6", "10", "20"]


def test_one_process_and_failed_requests_are_refused():
    base = served_ms(1, 2.0)
    with pytest.raises(TooFewSamples, match="between processes"):
        compared(rows("a", base, processes=1), rows("b", base, processes=1))
    with pytest.raises(UndefinedDifference, match="infinite"):
        compared(rows("a", base, outcome="timed_out"), rows("b", base))
