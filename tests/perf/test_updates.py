"""What it costs to take feedback in, and a new item until it can be recommended. Run by `make perf`; no limits.

One round of feedback is a thousand updates: their µs are then ns an update. Embedded data, no model in the path of
feedback: an update must not depend on how long the user's history is, nor on the catalogue.
"""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from small_recommender import ask, ingest_of, make_recommender

from bench.clock import MonotonicClock
from bench.measure.recorder import Outcome, Recorder
from bench.traffic.scheduled import ScheduledInbox
from recsys.data.loading import load_dataset
from recsys.encoders import ENCODERS
from recsys.serving import SERVINGS
from recsys.serving.protocols import NullTracer
from recsys.types import EventKind, Request, RequestKind

N = 1_000
ROUNDS, WARMUP_ROUNDS = 200, 10
CLOCK = MonotonicClock()
TRACER = NullTracer()
RANKINGS = {
    "similarity": {"kind": "similarity"},
    "hybrid": {"kind": "hybrid", "weight": 0.3, "counts": "live"},
    "blocks that learn": {"kind": "blocks", "importance": {"text": 0.0, "category": 0.0}, "learn": {"rate": 0.1}},
}
ENCODERS_IN_PLACE = {
    "tfidf": ({"kind": "tfidf"}, "none"),
    "hashing": ({"kind": "hashing"}, "none"),
    "word_table": ({"kind": "word_table"}, "offline"),
    "bilstm": ({"kind": "bilstm", "epochs": 1}, "offline"),
    "transformer": ({"kind": "transformer", "model": "minilm"}, "offline"),
    "onnx int8": ({"kind": "onnx", "model": "minilm", "precision": "int8"}, "offline"),
}


@pytest.fixture(scope="module")
def dataset():
    return load_dataset("embedded", data_dirs=[])


@pytest.fixture(scope="module")
def few_items(dataset):
    """An item for each round: whatever is there already has to be encoded before the first."""
    n = ROUNDS + WARMUP_ROUNDS
    events = dataset.events.take(np.flatnonzero(dataset.events.item < n))
    whole = {"recorded_sessions": None, "texts": {}, "impressions": None, "arrays": {}}
    return replace(dataset, items=dataset.items[:n], events=events, **whole)


def built(dataset, **tables):
    """A recommender that knows all events and items of the data."""
    return make_recommender(dataset, as_of_s=after(dataset), **tables)


def after(dataset):
    return int(dataset.events.timestamp_s[-1]) + 1


@pytest.fixture(params=RANKINGS)
def recommender(request, dataset):
    """TF-IDF, asked once by every user, so that a ranking that learns knows what was shown."""
    made = built(dataset, encoder="tfidf", placement="none", arm={"ranking": RANKINGS[request.param]})
    answers = made.recommend([ask(user, user, after(dataset)) for user in range(len(dataset.user_ids))])
    assert all(len(answer.positions) for answer in answers)
    return made


def thousand_events(dataset):
    """Clicks of users at random on items at random."""
    rng = np.random.default_rng(3)
    users, items = rng.integers(0, len(dataset.user_ids), N).tolist(), rng.integers(0, len(dataset.items), N).tolist()
    now_s = after(dataset)
    return [
        Request(row, RequestKind.FEEDBACK, user, now_s, item, EventKind.CLICK)
        for row, (user, item) in enumerate(zip(users, items, strict=True))
    ]


def test_feedback_of_a_thousand_events(benchmark, recommender, dataset):
    events = thousand_events(dataset)
    before = len(recommender.parts.profiles.history(events[0].user).items)

    def feed_back():
        for event in events:
            recommender.feed_back(event, TRACER)

    benchmark.pedantic(feed_back, rounds=20, warmup_rounds=1)
    assert len(recommender.parts.profiles.history(events[0].user).items) > before


def test_feedback_of_a_thousand_events_through_the_inbox(benchmark, recommender, dataset):
    """The same with what a run adds: the request handed out, two stamps, a mark."""
    events = thousand_events(dataset)
    direct = SERVINGS.get("direct")
    serving = direct(direct.Options())

    def serve():
        recorder = Recorder(N, 10, CLOCK)
        serving.serve(ScheduledInbox(events, np.zeros(N, np.int64), CLOCK, recorder), recommender, recorder)
        return recorder

    recorder = benchmark.pedantic(serve, rounds=20, warmup_rounds=1)
    assert (recorder.outcomes == Outcome.ANSWERED).all()


@pytest.mark.parametrize("name", ENCODERS_IN_PLACE)
def test_an_item_until_it_can_be_recommended(benchmark, few_items, name):
    """Clean, prepare, encode, index: one item at a time, each round another one."""
    encoder, placement = ENCODERS_IN_PLACE[name]
    if ENCODERS.entry(encoder["kind"]).missing:
        pytest.skip("library not installed")
    recommender = built(few_items, placement=placement, arm={"encoder": encoder})
    recommender.parts.catalogue.hidden[:] = True
    coming, put = itertools.cycle(range(len(few_items.items))), set()

    def next_ingest():
        put.add(item := next(coming))
        return ([ingest_of(item, 0, after(few_items))],), {}

    benchmark.pedantic(recommender.ingest, setup=next_ingest, rounds=ROUNDS, warmup_rounds=WARMUP_ROUNDS)
    assert set(np.flatnonzero(~recommender.parts.catalogue.hidden).tolist()) == put
