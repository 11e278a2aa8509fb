"""What the instrument itself costs: clock, marks, inbox and percentiles. Run by `make perf`; ratios only, no limits."""

import numpy as np
import pytest

from bench.analysis.stats.quantile import percentile_interval
from bench.clock import MonotonicClock
from bench.measure.recorder import Recorder
from bench.traffic.inbox import ScheduledInbox
from recsys.types import Request, RequestKind

N = 1000


@pytest.fixture
def recorder():
    return Recorder(N, 10, MonotonicClock())


def test_clock(benchmark):
    assert benchmark(MonotonicClock().now_ns) > 0


def test_mark_of_one_request(benchmark, recorder):
    benchmark(recorder.mark, "encode", [5])
    assert recorder.marks_ns["encode"][5] > 0


def test_mark_of_a_batch(benchmark, recorder):
    benchmark(recorder.mark, "encode", list(range(32)))
    assert (recorder.marks_ns["encode"][:32] > 0).all()


def test_take_of_what_is_due(benchmark):
    requests = [Request(row, RequestKind.RECOMMEND, 0, 0) for row in range(N)]

    def drain():
        clock = MonotonicClock()
        recorder = Recorder(N, 10, clock)
        inbox = ScheduledInbox(requests, np.zeros(N, np.int64), clock, recorder)
        return sum(len(taken) for taken in iter(lambda: inbox.take(1), []))

    assert benchmark(drain) == N


def test_percentile_with_interval(benchmark):
    values = np.random.default_rng(1).exponential(size=100_000)
    assert benchmark(percentile_interval, values, 0.99).width > 0
