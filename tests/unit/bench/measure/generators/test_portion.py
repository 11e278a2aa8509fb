"""What generators record, put together: the whole block's record, to the nanosecond, in our clock."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.clock import VirtualClock
from bench.measure.generators.portion import GeneratorReport, client_recorder, merge, portion_of
from bench.measure.generators.split import split_places
from bench.measure.http.failures import ConnectionLost
from bench.measure.recorder import NOT_WAITED_FOR, UNKNOWN, Outcome
from recsys.serving.protocols import STAGES
from recsys.types import RequestKind

K = 3
COLUMNS = ("intended_ns", "taken_ns", "lateness_ns", "tokens_of", "outcomes", "recommended")


def drawn_recorder(n, seed):
    """One whose every field is drawn."""
    draw = np.random.default_rng(seed)
    recorder = client_recorder(n, K, VirtualClock())
    recorder.intended_ns[:] = draw.integers(10**12, 10**13, n)
    recorder.taken_ns[:] = draw.integers(10**12, 10**13, n)
    for stage in STAGES:
        recorder.marks_ns[stage][:] = draw.integers(10**12, 10**13, n) * draw.integers(0, 2, n)
    recorder.lateness_ns[:] = draw.integers(-1, 10**6, n)
    recorder.tokens_of[:] = draw.integers(-1, 99, n)
    recorder.outcomes[:] = draw.integers(0, len(Outcome), n)
    recorder.recommended[:] = draw.integers(-1, 50, (n, K))
    return recorder


def cut(whole, places, offset_ns):
    """What a generator would hold of these places, whose clock is so far ahead."""
    part = client_recorder(len(places), K, VirtualClock())
    for name in COLUMNS:
        getattr(part, name)[:] = getattr(whole, name)[places]
    part.intended_ns[:] += offset_ns
    part.taken_ns[:] += offset_ns
    for stage in STAGES:
        marks = whole.marks_ns[stage][places]
        part.marks_ns[stage][:] = np.where(marks == 0, 0, marks + offset_ns)
    return portion_of(part, places, {})


@given(st.integers(0, 40), st.integers(1, 5), st.integers(0, 99), st.integers(-(10**11), 10**15))
def test_split_and_merged_it_is_what_it_was(n, generators, seed, offset_ns):
    whole, merged = drawn_recorder(n, seed), client_recorder(n, K, VirtualClock())
    draw = np.random.default_rng(seed)
    kinds = draw.choice([RequestKind.RECOMMEND, RequestKind.FEEDBACK], n).astype(np.int8)
    parts = split_places(kinds, draw.integers(0, 5, n).astype(np.int32), generators)
    offsets_ns = [offset_ns * place for place in range(generators)]
    merge(merged, [cut(whole, *each) for each in zip(parts, offsets_ns, strict=True)], offsets_ns)
    for name in COLUMNS:
        assert np.array_equal(getattr(merged, name), getattr(whole, name)), name
    for stage in STAGES:
        assert np.array_equal(merged.marks_ns[stage], whole.marks_ns[stage]), stage
    assert merged.ended_ns is merged.marks_ns[STAGES[-1]]
    assert (merged.padded_tokens_of == UNKNOWN).all()


@pytest.mark.parametrize("places", [[[0, 1], [3]], [[0, 1, 2], [2, 3]], [[0, 1, 2, 3], [4]]])
def test_a_request_that_is_missing_or_comes_twice_is_no_block(places):
    whole = drawn_recorder(5, 1)
    portions = [cut(whole, np.array(part), 0) for part in places]
    with pytest.raises(ValueError, match="of 4 requests"):
        merge(client_recorder(4, K, VirtualClock()), portions, [0, 0])


def test_errors_of_all_are_counted_together():
    parts = []
    for place in range(2):
        recorder = client_recorder(1, K, VirtualClock())
        recorder.failed([0], ConnectionLost("it ended"), 7)
        parts.append(portion_of(recorder, np.array([place]), {}))
    whole = client_recorder(2, K, VirtualClock())
    merge(whole, parts, [0, 0])
    assert dict(whole.errors) == {"ConnectionLost: it ended": 2}
    assert isinstance(whole.first_error, ConnectionLost)


def test_a_generators_report_says_how_late_it_was():
    recorder = client_recorder(4, K, VirtualClock())
    recorder.lateness_ns[:] = [NOT_WAITED_FOR, 3000, 9000, 5000]
    recorder.outcomes[:] = [Outcome.ANSWERED, Outcome.FAILED, Outcome.ANSWERED, Outcome.ANSWERED]
    report = GeneratorReport.of(
        portion_of(recorder, np.arange(4), {"waited_for_connection": 1.0}), offset_ns=-1500, error_ns=2000
    )
    assert (report.requests, report.answered, report.waited_for_connection, report.waited_for) == (4, 3, 1, 3)
    assert (report.lateness_p50_us, report.lateness_max_us) == (5.0, 9.0)
    assert (report.offset_us, report.offset_error_us) == (-1.5, 2.0)
    nothing = GeneratorReport.of(portion_of(client_recorder(0, K, VirtualClock()), np.arange(0), {}), 0, 0)
    assert nothing.lateness_p50_us is None and nothing.lateness_max_us is None
