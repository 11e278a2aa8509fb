"""Whatever goes together in a batch, everyone gets the list that they would get if requests were served one by one."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_data import WORDS, make_dataset
from small_recommender import make_recommender

from bench.clock import VirtualClock
from bench.measure.recorder import Outcome, Recorder
from bench.traffic.scheduled import ScheduledInbox
from recsys.serving.direct import DirectOptions, DirectServing
from recsys.serving.microbatch import MicrobatchOptions, MicrobatchServing
from recsys.types import EventKind, Request, RequestKind

N_ITEMS, N_USERS, T0_S = 24, 5, 5_000
CLOSE = 1e-5
"""A batch's sums are rounded in another order than those of a single request."""

users, items = st.integers(0, N_USERS - 1), st.integers(0, N_ITEMS - 1)
asks = st.builds(
    lambda user, query: (RequestKind.RECOMMEND, user, -1, query), users, st.sampled_from(["", "", *WORDS[:3]])
)
reports = st.builds(lambda user, item: (RequestKind.FEEDBACK, user, item, ""), users, items)
arrives = st.builds(lambda item: (RequestKind.INGEST, -1, item, ""), items)
traces = st.lists(st.tuples(st.integers(0, 3), asks | asks | reports | arrives), min_size=1, max_size=25)
batchings = st.builds(
    MicrobatchOptions,
    max_tokens=st.integers(1, 60),
    max_requests=st.integers(1, 8),
    max_wait_ms=st.sampled_from([0.0, 2e-6]),
)


class Keeping(Recorder):
    """A recorder that keeps the answers."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.answers = {}

    def answered(self, rows, answers, now_ns):
        super().answered(rows, answers, now_ns)
        self.answers |= dict(zip(rows, answers, strict=True))


@cache
def recommender_of(encoder, placement):
    """Half of the items are published after t0."""
    dataset = make_dataset(N_ITEMS, N_USERS, 30)
    dated = [replace(item, published_s=T0_S * (place % 2)) for place, item in enumerate(dataset.items)]
    return make_recommender(replace(dataset, items=tuple(dated)), encoder, placement, T0_S, requests={"k": 6})


def served(serving, recommender, trace):
    clock = VirtualClock()
    recorder = Keeping(len(trace), 6, clock)
    requests = [
        Request(row, kind, user, T0_S + row, item, EventKind.CLICK, query)
        for row, (_, (kind, user, item, query)) in enumerate(trace)
    ]
    intended_ns = np.cumsum([gap for gap, _ in trace], dtype=np.int64)
    recommender.rewind(T0_S)
    serving.serve(ScheduledInbox(requests, intended_ns, clock, recorder), recommender, recorder)
    assert (recorder.outcomes == Outcome.ANSWERED).all()
    return recorder.answers


@pytest.mark.parametrize(
    "arm", [("fake", "profile"), ("fake", "items"), ("fake", "offline"), ("tfidf", "none")], ids="-".join
)
@given(traces, batchings)
def test_batches_change_no_list(arm, trace, batching):
    recommender = recommender_of(*arm)
    alone = served(DirectServing(DirectOptions()), recommender, trace)
    together = served(MicrobatchServing(batching), recommender, trace)
    assert alone.keys() == together.keys()
    for row, answer in alone.items():
        other = together[row]
        if answer is None:
            assert other is None
            continue
        assert other.scores == pytest.approx(answer.scores, abs=CLOSE)
        gaps = -np.diff([np.inf, *answer.scores])
        apart = np.flatnonzero((gaps[:-1] > CLOSE) & (gaps[1:] > CLOSE))  # the last may tie with one left out
        assert (other.positions[apart] == answer.positions[apart]).all(), "beyond ties within rounding"


def test_the_lists_do_depend_on_the_order():
    """Else the test above would prove nothing: an item asked for before and after it came."""
    ask, arrive = (RequestKind.RECOMMEND, 0, -1, "red"), (RequestKind.INGEST, -1, 1, "")
    answers = served(
        MicrobatchServing(MicrobatchOptions()), recommender_of("tfidf", "none"), [(0, ask), (0, arrive), (0, ask)]
    )
    assert 1 not in answers[0].positions
    assert 1 in answers[2].positions
    assert len(answers[0].positions) == 6
