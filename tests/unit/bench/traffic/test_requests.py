"""The trace: what is asked, by whom, in which order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_data import dataset_of, make_dataset

from bench.errors import ConfigError
from bench.scenario import Scenario
from bench.traffic.requests import draw_trace
from recsys.types import EventKind, RequestKind

GOLDEN = "3d3c7f68be2fc4d5527b130012def24c290f7b7db97be3be8b4cc2c79b4b14c8"
"""SHA-256 of the trace of seed 7 over make_dataset(), 40 requests, a quarter of them feedback."""


def scenario(seed=7, feedback_share=0.25, train_share=0.5):
    return Scenario.model_validate(
        {
            "name": "trace",
            "question": "?",
            "seed": seed,
            "data": {"kind": "embedded", "train_share": train_share},
            "requests": {"feedback_share": feedback_share},
            "load": [{"kind": "offline", "requests": 1}],
            "arm": [{"name": "a", "encoder": {"kind": "tfidf"}, "placement": "none"}],
        }
    )


def test_the_trace_of_a_seed_never_changes():
    trace = draw_trace(scenario(), make_dataset(), 40)
    assert trace.sha256 == GOLDEN
    assert draw_trace(scenario(), make_dataset(), 40).sha256 == GOLDEN
    assert draw_trace(scenario(seed=8), make_dataset(), 40).sha256 != GOLDEN


@given(st.integers(0, 10_000), st.integers(1, 120), st.floats(0, 0.99, allow_subnormal=False), st.floats(0.1, 0.6))
def test_requests_are_later_events_in_time_order_of_users_with_a_history(seed, wanted, feedback_share, train_share):
    dataset = make_dataset(seed=seed % 5)
    trace = draw_trace(scenario(seed, feedback_share, train_share), dataset, wanted)
    t0_s = dataset.split_s(train_share)
    events = dataset.events.take(trace.events)
    assert len(set(trace.events.tolist())) == wanted, "no event is asked for twice"
    assert (np.diff(events.timestamp_s) >= 0).all()
    assert events.timestamp_s.min() >= t0_s
    assert all(len(dataset.by_user.before(user, t0_s)) for user in events.user.tolist())
    assert trace.feedback.sum() == round(feedback_share * wanted)


def test_a_request_says_what_its_event_says():
    dataset = make_dataset()
    trace = draw_trace(scenario(), dataset, 40)
    for place, request in enumerate(trace.requests(0, 40)):
        event = int(trace.events[place])
        assert (request.row, request.user) == (place, dataset.events.user[event])
        assert request.timestamp_s == dataset.events.timestamp_s[event]
        if trace.feedback[place]:
            assert request.kind is RequestKind.FEEDBACK
            assert (request.item, request.event_kind) == (
                dataset.events.item[event],
                EventKind(dataset.events.kind[event]),
            )
        else:
            assert (request.kind, request.item) == (RequestKind.RECOMMEND, -1), "a list must not know what comes next"


def test_a_slice_of_the_trace_is_numbered_from_0():
    trace = draw_trace(scenario(), make_dataset(), 40)
    part = trace.requests(10, 15)
    assert [request.row for request in part] == [0, 1, 2, 3, 4]
    assert [request.user for request in part] == [request.user for request in trace.requests(0, 40)[10:15]]


def test_users_who_were_never_seen_before_are_not_asked_for():
    dataset = dataset_of([(1, 0, 0), (2, 0, 1), (3, 1, 2), (4, 0, 3)])  # t0 = 3: only the last event is user 0's
    assert draw_trace(scenario(feedback_share=0.0), dataset, 1).events.tolist() == [3]


def test_too_few_events_are_told_with_both_numbers():
    dataset = dataset_of([(1, 0, 0), (2, 0, 1), (3, 1, 2), (4, 0, 3)])
    with pytest.raises(ConfigError, match=r"2 requests wanted.*has 1 events.*Next: lower load"):
        draw_trace(scenario(), dataset, 2)
