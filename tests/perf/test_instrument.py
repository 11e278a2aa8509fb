"""What the instrument itself costs: clock, marks, inboxes, recorder, percentiles. Run by `make perf`; no limits.

Where a name says so, one round is a thousand requests: their µs are then ns a request.
"""

import numpy as np
import pytest

from bench.analysis.stats.quantile import percentile_interval
from bench.clock import MonotonicClock
from bench.experiments.calibration.null_system import null_requests, serve_nothing
from bench.measure.recorder import Outcome, Recorder
from bench.traffic.closed import SequentialInbox
from bench.traffic.scheduled import ScheduledInbox
from recsys.serving.protocols import STAGES

N = 1_000
MANY = 1_000_000
CLOCK = MonotonicClock()


@pytest.fixture
def recorder():
    return Recorder(N, 10, CLOCK)


def test_clock(benchmark):
    assert benchmark(CLOCK.now_ns) > 0


def test_mark_of_one_request(benchmark, recorder):
    benchmark(recorder.mark, "encode", [5])
    assert np.flatnonzero(recorder.marks_ns["encode"]).tolist() == [5]


def test_mark_of_a_batch(benchmark, recorder):
    benchmark(recorder.mark, "encode", list(range(32)))
    assert np.flatnonzero(recorder.marks_ns["encode"]).tolist() == list(range(32))


def test_building_a_request(benchmark):
    requests = null_requests(N)
    assert benchmark(requests.__getitem__, 5).row == 5


def test_single_stream_take_and_done_of_a_thousand(benchmark):
    requests = list(null_requests(N))

    def drain():
        recorder = Recorder(N, 1, CLOCK)
        serve_nothing(SequentialInbox(requests, CLOCK, recorder))
        return recorder

    assert (benchmark(drain).outcomes == Outcome.ANSWERED).all()


@pytest.mark.parametrize("batch", [1, 32])
def test_scheduled_take_of_a_thousand_that_are_due(benchmark, batch):
    requests = list(null_requests(N))

    def drain():
        recorder = Recorder(N, 1, CLOCK)
        inbox = ScheduledInbox(requests, np.zeros(N, np.int64), CLOCK, recorder)
        return sum(len(taken) for taken in iter(lambda: inbox.take(batch), []))

    assert benchmark(drain) == N


def test_recorder_of_a_million_made(benchmark):
    assert len(benchmark(Recorder, MANY, 10, CLOCK).intended_ns) == MANY


def test_recorder_of_a_million_closed(benchmark):
    def full():
        recorder = Recorder(MANY, 1, CLOCK)
        recorder.taken_ns[:] = 1_000
        recorder.ended_ns[:] = 2_000
        return (recorder,), {}

    closed = []

    def close(recorder):
        recorder.close(500)
        closed.append(recorder.marks_ns[STAGES[-1]][-1])

    benchmark.pedantic(close, setup=full, rounds=5)
    assert set(closed) == {1_500}


def test_percentile_with_interval(benchmark):
    values = np.random.default_rng(1).exponential(size=100_000)
    assert benchmark(percentile_interval, values, 0.99).width > 0
