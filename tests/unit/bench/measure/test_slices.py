"""The trace cut into slices: no request is served twice by an arm, and none between two slices is lost."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bench.measure.slices import SETTLING_SHARE, counted_requests, cut_slices, slice_length
from bench.scenario import Scenario

SERVER = {"kind": "server", "arrivals": {"kind": "poisson"}, "rates_per_s": [10.0, 20.0]}


def scenario(loads, **blocks):
    return Scenario.model_validate(
        {
            "name": "cut",
            "question": "?",
            "data": {"kind": "embedded"},
            "load": loads,
            "blocks": blocks,
            "arm": [{"name": "a", "encoder": {"kind": "tfidf"}, "placement": "none"}],
        }
    )


loads = st.lists(
    st.builds(
        lambda kind, requests: (SERVER if kind == "server" else {"kind": kind}) | {"requests": requests},
        st.sampled_from(["single_stream", "server", "offline"]),
        st.integers(1, 500),
    ),
    min_size=1,
    max_size=4,
)


@given(loads, st.integers(1, 7), st.integers(0, 50), st.integers(0, 30))
def test_slices_follow_each_other_without_gap_or_overlap(tables, count, warmup, settle):
    made = scenario(tables, count=count, warmup_requests=warmup, settle_requests=settle)
    first, slices = cut_slices(made)
    assert (first.low, first.high, first.point) == (0, warmup, None)
    assert all(before.high == after.low for before, after in pairwise([first, *slices]))
    assert [(part.point, part.block) for part in slices] == [
        (point, block) for point in made.load_points() for block in range(count)
    ]
    for part in slices:
        counted = counted_requests(part.point, made)
        assert counted * count >= part.point.table.requests > (counted - 1) * count
        assert len(part) == slice_length(part.point, made) >= counted


def test_an_open_loop_block_begins_with_a_stretch_that_is_not_counted():
    made = scenario(
        [SERVER | {"requests": 400}, {"kind": "single_stream", "requests": 400}], count=4, settle_requests=5
    )
    at_rate, _, unloaded = made.load_points()
    assert counted_requests(at_rate, made) == 100
    assert slice_length(at_rate, made) == 125, "a fifth of the block is for settling"
    assert SETTLING_SHARE == 25 / 125
    assert slice_length(unloaded, made) == 100, "a closed loop has no queue to settle"


def test_a_fifth_settles_whatever_settle_requests_asks_for():
    made = scenario([SERVER | {"requests": 40}], count=4, settle_requests=30)
    assert slice_length(made.load_points()[0], made) == 10 + 2
