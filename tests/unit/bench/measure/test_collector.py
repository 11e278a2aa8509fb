"""The collector stays out of a block, and is logged when it does not."""

import gc

from bench.clock import MonotonicClock
from bench.measure.collector import CollectorOff


def test_it_is_off_and_frozen_inside_and_back_on_after():
    with CollectorOff(MonotonicClock()) as collector:
        assert not gc.isenabled()
        assert gc.get_freeze_count() > 0
        cycles = [[] for _ in range(10_000)]
        for cycle in cycles:
            cycle.append(cycle)
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    assert (collector.pauses, collector.paused_s) == (0, 0.0)
    assert not any(getattr(callback, "__self__", None) is collector for callback in gc.callbacks)


def test_a_collection_that_somebody_asks_for_is_logged_with_its_length():
    with CollectorOff(MonotonicClock()) as collector:
        gc.collect()
        gc.collect()
    assert collector.pauses == 2
    assert collector.paused_s > 0
