"""Stamps and marks: the stages of a request add up to its service time, to the nanosecond."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.clock import VirtualClock
from bench.measure.recorder import KINDS_OF_ERRORS, Outcome, Recorder
from recsys.serving.protocols import STAGES
from recsys.types import Recommendation

LIST_STAGES = [stage for stage in STAGES if stage not in ("index", "update")]
"""Those that a request for a list passes."""


def lengths_ns(recorder):
    recorder.close(0)
    starts = [recorder.taken_ns, *recorder.marks_ns.values()]
    return {stage: end - start for (stage, end), start in zip(recorder.marks_ns.items(), starts, strict=False)}


@given(
    st.integers(1, 6),
    st.lists(
        st.tuples(st.sampled_from(LIST_STAGES), st.integers(0, 10**12)), max_size=9, unique_by=lambda mark: mark[0]
    ),
    st.integers(0, 10**12),
)
def test_stages_partition_the_service_time_exactly(n, marks, taken_ns):
    """Whichever stages a request passes: their lengths are ≥ 0 and add up to observed − taken in integer ns."""
    clock = VirtualClock()
    clock.wait_until_ns(taken_ns)
    recorder = Recorder(n, 1, clock)
    recorder.taken(range(n), clock.now_ns())
    marks.sort(key=lambda mark: STAGES.index(mark[0]))
    for stage, length_ns in marks:
        clock.wait_until_ns(clock.now_ns() + length_ns)
        recorder.mark(stage, range(n))
    recorder.answered(range(n), [None] * n, clock.now_ns())
    lengths = lengths_ns(recorder)
    assert list(lengths) == list(STAGES)
    assert (sum(lengths.values()) == recorder.ended_ns - recorder.taken_ns).all()
    assert all(length.dtype == np.int64 for length in lengths.values())
    passed = dict(marks)
    for stage in STAGES:
        assert (lengths[stage] == passed.get(stage, 0)).all(), "a stage that is not passed has length 0"


def test_the_end_of_a_stage_is_that_of_the_one_before_where_it_is_not_passed():
    clock = VirtualClock()
    recorder = Recorder(1, 1, clock)
    recorder.taken(range(1), 0)
    clock.wait_until_ns(40)
    recorder.mark("update", [0])
    recorder.answered([0], [None], 43)
    lengths = {stage: int(length[0]) for stage, length in lengths_ns(recorder).items() if length[0]}
    assert lengths == {"update": 40, "respond": 3}, "handing the answer over belongs to the last stage"
    ends = {stage: int(end[0]) for stage, end in recorder.marks_ns.items()}
    assert [ends[stage] for stage in STAGES] == [{"update": 40, "respond": 43}.get(stage, 0) for stage in STAGES]


def test_a_batch_marks_all_its_members_and_nobody_else():
    clock = VirtualClock()
    recorder = Recorder(5, 1, clock)
    clock.wait_until_ns(9)
    recorder.mark("encode", [1, 3, 4])
    assert recorder.marks_ns["encode"].tolist() == [0, 9, 0, 9, 9]
    clock.wait_until_ns(11)
    recorder.mark("retrieve", [3])
    assert recorder.marks_ns["retrieve"].tolist() == [0, 0, 0, 11, 0]


@given(st.integers(1, 12), st.integers(0, 10**6))
def test_padded_tokens_of_a_batch_add_up_to_what_it_computed(n, padded_tokens):
    recorder = Recorder(n + 2, 1, VirtualClock())
    recorder.padded(list(range(1, n + 1)), padded_tokens)
    assert recorder.padded_tokens_of.sum() == padded_tokens
    assert recorder.padded_tokens_of[[0, n + 1]].tolist() == [0, 0]
    assert np.ptp(recorder.padded_tokens_of[1 : n + 1]) < n, "shared out evenly"


def test_tokens_stand_with_their_requests():
    recorder = Recorder(4, 1, VirtualClock())
    recorder.tokens([2, 0], [7, 5])
    assert recorder.tokens_of.tolist() == [5, 0, 7, 0]


def test_answers_are_kept_as_positions_and_short_lists_end_in_minus_one():
    recorder = Recorder(3, 3, VirtualClock())
    recorder.answered([0, 2], [Recommendation(("a", "b"), (1.0, 0.5), np.array([4, 2], np.int32)), None], 8)
    assert recorder.recommended.tolist() == [[4, 2, -1], [-1, -1, -1], [-1, -1, -1]]
    assert recorder.outcomes.tolist() == [Outcome.ANSWERED, Outcome.UNSERVED, Outcome.ANSWERED]
    assert recorder.ended_ns.tolist() == [8, 0, 8]


def test_an_answer_too_many_or_too_few_is_refused():
    with pytest.raises(ValueError, match="answers to"):
        Recorder(2, 1, VirtualClock()).answered([0, 1], [None], 0)


def test_a_request_that_was_given_up_ends_at_its_limit_and_a_refused_one_at_its_time():
    recorder = Recorder(4, 1, VirtualClock())
    recorder.intended_ns[:] = [10, 20, 30, 40]
    recorder.timed_out(0, 15)
    recorder.timed_out(1, 15)
    recorder.refused(3)
    assert recorder.ended_ns.tolist() == [25, 35, 0, 40]
    assert recorder.outcomes.tolist() == [Outcome.TIMED_OUT, Outcome.TIMED_OUT, Outcome.UNSERVED, Outcome.REFUSED]
    assert all((length[[0, 1, 3]] == 0).all() for length in lengths_ns(recorder).values())


def test_errors_are_counted_by_message_and_the_first_is_kept():
    recorder = Recorder(40, 1, VirtualClock())
    first = ValueError("broken")
    recorder.failed([0, 2], first, 5)
    recorder.failed([1], ValueError("broken"), 6)
    for row in range(3, 40):
        recorder.failed([row], KeyError(row), 7)
    assert recorder.first_error is first
    assert recorder.outcomes.tolist() == [Outcome.FAILED] * 40
    assert recorder.ended_ns[:3].tolist() == [5, 6, 5]
    assert recorder.errors["ValueError: broken"] == 3
    assert len(recorder.errors) <= KINDS_OF_ERRORS + 1, "a message that differs each time must not fill the memory"
    assert sum(recorder.errors.values()) == 40


def test_times_count_from_the_start_of_the_block():
    clock = VirtualClock()
    recorder = Recorder(1, 1, clock)
    recorder.due(range(1), 1_005)
    recorder.taken([0], 1_010)
    clock.wait_until_ns(1_030)
    recorder.mark("encode", [0])
    recorder.answered([0], [None], 1_040)
    recorder.close(1_000)
    assert [recorder.intended_ns[0], recorder.taken_ns[0], recorder.ended_ns[0]] == [5, 10, 40]
    assert recorder.marks_ns["prepare"][0] == 10
    assert recorder.marks_ns["encode"][0] == 30
    assert recorder.marks_ns["respond"][0] == 40


def test_what_a_re_ranker_was_handed_stands_with_its_request():
    recorder = Recorder(4, 2, VirtualClock(), n_candidates=3)
    recorder.tokens([2, 0], [7, 5])
    recorder.reranked([2, 0], [np.array([9, 4, 1], np.int32), np.array([6], np.int32)], [50, 11], 71)
    assert recorder.handed.candidates.tolist() == [[6, -1, -1], [-1] * 3, [9, 4, 1], [-1] * 3]
    assert recorder.handed.tokens.tolist() == [11, 0, 50, 0]
    assert recorder.handed.padded_tokens[[0, 2]].sum() == 71
    assert recorder.tokens_of.tolist() == [5, 0, 7, 0], "the encoder's stay apart: by them a cache hit is told"
    recorder.reranked([2], [np.array([9, 4, 1], np.int32)], [50], 60)
    assert recorder.handed.padded_tokens[2] == 60, "a batch that was served again counts as it was served at last"


def test_without_a_re_ranker_nothing_is_held_for_one():
    recorder = Recorder(4, 2, VirtualClock())
    assert recorder.handed is None
    with pytest.raises(ValueError, match="no candidates"):
        recorder.reranked([0], [np.array([1], np.int32)], [1], 1)


def test_a_request_takes_no_more_than_two_hundred_bytes():
    recorder = Recorder(1_000, 10, VirtualClock())
    columns = {id(column): column for column in [*vars(recorder).values(), *recorder.marks_ns.values()]}
    assert sum(column.nbytes for column in columns.values() if isinstance(column, np.ndarray)) <= 200 * 1_000
