"""The trace: what is asked, by whom, which items come in, and in which order."""

import dataclasses
import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_data import dataset_of, make_dataset

from bench.errors import ConfigError
from bench.scenario import Scenario
from bench.traffic.drawn import trace_of_events
from bench.traffic.requests import draw_trace
from bench.traffic.seeds import stream
from bench.traffic.trace import NO_EVENT, NO_ITEM, NOBODY, Trace
from recsys.types import EventKind, Request, RequestKind

GOLDEN = "ffb9674dbd70084c238eca14eea8ce8aac37be94850f7b0a0fcdaafd96e2f3b2"
"""SHA-256 of the trace of seed 7 over make_dataset(), 40 requests: 10 of them feedback, 8 ingests."""
SHARES = st.tuples(st.floats(0, 0.6, allow_subnormal=False), st.floats(0, 0.39, allow_subnormal=False))


def scenario(seed=7, train_share=0.5, **requests):
    return Scenario.model_validate(
        {
            "name": "trace",
            "question": "?",
            "seed": seed,
            "data": {"kind": "embedded", "train_share": train_share},
            "requests": {"feedback_share": 0.25} | requests,
            "load": [{"kind": "offline", "requests": 1}],
            "arm": [{"name": "a", "encoder": {"kind": "tfidf"}, "placement": "none"}],
        }
    )


def draw(wanted, dataset=None, **keys):
    return draw_trace(scenario(**keys), dataset or make_dataset(), wanted, ())


def published(dataset, times_s):
    """The data set with these publication times of its first items; None = known from the start."""
    items = [
        dataclasses.replace(item, published_s=time_s)
        for item, time_s in zip(dataset.items, [*times_s, *[None] * (len(dataset.items) - len(times_s))], strict=True)
    ]
    return dataclasses.replace(dataset, items=tuple(items))


def test_the_trace_of_a_seed_never_changes():
    assert draw(40, ingest_share=0.2).sha256 == GOLDEN
    assert draw(40, ingest_share=0.2, seed=8).sha256 != GOLDEN


def test_every_column_and_every_query_is_in_the_hash():
    trace = draw(40, ingest_share=0.2)
    hashes = {trace.sha256, dataclasses.replace(trace, queries={3: "tea"}).sha256}
    hashes.add(dataclasses.replace(trace, queries={4: "tea"}).sha256)
    for column in ("kind", "user", "timestamp_s", "item", "event_kind"):
        changed = getattr(trace, column).copy()
        changed[5] ^= 1
        hashes.add(dataclasses.replace(trace, **{column: changed}).sha256)
    assert len(hashes) == 8


def test_feedback_and_events_are_drawn_as_they_always_were():
    """Without ingests and repeats: the first draw of the stream picks the events, the second what is reported."""
    dataset = make_dataset()
    events = dataset.events
    t0_s = dataset.split_s(0.5)
    has_history = np.isin(events.user, events.user[events.timestamp_s < t0_s])
    generator = stream(7, "requests")
    rows = np.sort(generator.choice(np.flatnonzero((events.timestamp_s >= t0_s) & has_history), 50, replace=False))
    reported = np.zeros(50, bool)
    reported[generator.choice(50, 2, replace=False)] = True
    trace = draw(50, dataset, feedback_share=0.04)
    assert (trace.user == events.user[rows]).all()
    assert (trace.timestamp_s == events.timestamp_s[rows]).all()
    assert ((trace.kind == RequestKind.FEEDBACK) == reported).all()
    assert (trace.item[reported] == events.item[rows][reported]).all()


@given(st.integers(0, 10_000), st.integers(2, 120), SHARES, st.floats(0.1, 0.6))
def test_requests_are_later_events_in_time_order_of_users_with_a_history(seed, wanted, shares, train_share):
    dataset = make_dataset(seed=seed % 5)
    feedback_share, ingest_share = shares
    trace = draw(
        wanted, dataset, seed=seed, train_share=train_share, feedback_share=feedback_share, ingest_share=ingest_share
    )
    assert len(trace) == wanted
    assert trace.counts()["feedback"] == round(feedback_share * wanted)
    assert trace.counts()["ingest"] == round(ingest_share * wanted)
    assert (np.diff(trace.timestamp_s) >= 0).all()
    t0_s = dataset.split_s(train_share)
    assert trace.timestamp_s.min() >= t0_s
    of_users = trace.kind != RequestKind.INGEST
    assert all(len(dataset.by_user.before(user, t0_s)) for user in set(trace.user[of_users].tolist()))
    happened = set(zip(*(getattr(dataset.events, name).tolist() for name in ("user", "timestamp_s")), strict=True))
    assert set(zip(trace.user[of_users].tolist(), trace.timestamp_s[of_users].tolist(), strict=True)) <= happened


def test_no_event_is_asked_for_twice():
    dataset = dataset_of([(1, 0, 0), (2, 1, 0), *((10 + step, step % 2, step % 5) for step in range(20))])
    assert draw(20, dataset, train_share=0.1).timestamp_s.tolist() == list(range(10, 30))


def test_a_request_says_what_its_event_says_and_a_list_does_not_know_what_comes_next():
    dataset = make_dataset()
    rows = np.array([210, 220, 230])
    trace = trace_of_events(dataset, rows, np.array([False, True, False]))
    asked, reported, _ = trace.requests(0, 3)
    user, item, time_s = (getattr(dataset.events, name)[220].item() for name in ("user", "item", "timestamp_s"))
    assert reported == Request(1, RequestKind.FEEDBACK, user, time_s, item, EventKind(dataset.events.kind[220]))
    assert asked == Request(0, RequestKind.RECOMMEND, dataset.events.user[210], dataset.events.timestamp_s[210])
    assert isinstance(reported.kind, RequestKind)
    assert isinstance(reported.event_kind, EventKind)
    assert type(asked.user) is int, "a number of numpy is slower to work with"


def test_a_slice_of_the_trace_is_a_sequence_numbered_from_0():
    trace = dataclasses.replace(draw(40), queries={12: "red kettle"})
    whole, part = trace.requests(0, 40), trace.requests(10, 15)
    assert [request.row for request in part] == [0, 1, 2, 3, 4]
    assert [request.user for request in part] == [request.user for request in whole[10:15]]
    assert [request.query for request in part] == ["", "", "red kettle", "", ""]
    assert part[-1] == part[4] == part[3:][1]
    assert part[1:4] == [part[1], part[2], part[3]]
    assert part[9:] == []
    assert part[::-2] == [part[4], part[2], part[0]]
    assert len(trace.requests(38, 60)) == 2
    for outside in (5, -6):
        with pytest.raises(IndexError, match=f"request {outside} of 5"):
            part[outside]


def test_a_million_requests_are_columns_not_objects():
    n = 1_000_000
    kind = np.full(n, RequestKind.RECOMMEND, np.int8)
    trace = Trace(
        kind, np.zeros(n, np.int32), np.arange(n), np.full(n, NO_ITEM, np.int32), kind + NO_EVENT, make_dataset()
    )
    held = sum(getattr(trace, name).nbytes for name in ("kind", "user", "timestamp_s", "item", "event_kind"))
    assert held <= 40 * n
    tracemalloc.start()
    requests = trace.requests(0, n)
    assert requests[n - 1].timestamp_s == n - 1
    assert tracemalloc.get_traced_memory()[1] < 100_000
    tracemalloc.stop()
    assert sys.getsizeof(requests) < 200


def test_users_who_were_never_seen_before_are_not_asked_for():
    dataset = dataset_of([(1, 0, 0), (2, 0, 1), (3, 1, 2), (4, 0, 3)])  # t0 = 3: only the last event is user 0's
    trace = draw(1, dataset, feedback_share=0.0)
    assert (trace.timestamp_s.tolist(), trace.user.tolist()) == ([4], [0])


def test_too_few_events_are_told_with_both_numbers():
    dataset = dataset_of([(1, 0, 0), (2, 0, 1), (3, 1, 2), (4, 0, 3)])
    with pytest.raises(ConfigError, match=r"2 requests wanted.*has 1 events.*Next: lower load.*repeat = \"zipf\""):
        draw(2, dataset)
    with pytest.raises(ConfigError, match=r"2 requests wanted.*has 1 users with a history and events"):
        draw(2, dataset, repeat="unique")
    nobody = dataset_of([(1, 0, 0), (2, 0, 1), (3, 1, 2), (4, 1, 3)])
    for repeat in ("none", "zipf", "unique", "same"):
        with pytest.raises(ConfigError, match="1 requests wanted"):
            draw(1, nobody, repeat=repeat)
    with pytest.raises(ConfigError, match=r"ingest_share = 0.6 leaves no request that a user makes.*Next"):
        draw(1, feedback_share=0.0, ingest_share=0.6)


class TestRepeats:
    """Who asks again, and how often."""

    DATASET = make_dataset(n_users=40, n_events=4_000)

    def users(self, wanted, repeat, **keys):
        return draw(wanted, self.DATASET, feedback_share=0.0, repeat=repeat, **keys).user

    @pytest.mark.parametrize("repeat", ["zipf", "unique", "same"])
    def test_the_same_seed_draws_the_same(self, repeat):
        assert (self.users(30, repeat) == self.users(30, repeat)).all()
        assert not np.array_equal(self.users(30, repeat), self.users(30, repeat, seed=8))

    @pytest.mark.parametrize("zipf_s", [0.0, 0.65, 0.9, 1.5])
    def test_zipf_has_its_exponent_and_the_busiest_user_first(self, zipf_s):
        """The exponent is recovered by maximum likelihood from the users in the order of their eligible events."""
        n = 200_000
        asked = np.bincount(self.users(n, "zipf", zipf_s=zipf_s), minlength=40)
        events, t0_s = self.DATASET.events, self.DATASET.split_s(0.5)
        busy = np.argsort(-np.bincount(events.user[events.timestamp_s >= t0_s], minlength=40), kind="stable")
        log_rank = np.log(np.arange(1, 41))
        exponents = np.linspace(0, 2, 2_001)
        likelihood = [
            -s * (asked[busy] @ log_rank) - n * np.log(np.exp(-s * log_rank).sum()) for s in exponents.tolist()
        ]
        assert exponents[np.argmax(likelihood)] == pytest.approx(zipf_s, abs=0.02)

    def test_zipf_draws_any_number_and_each_event_of_a_user_as_often(self):
        dataset = dataset_of([(1, 0, 0), *((10 + step, 0, step % 5) for step in range(4))])
        trace = draw(40_000, dataset, feedback_share=0.0, train_share=0.3, repeat="zipf")
        assert np.bincount(trace.timestamp_s - 10) == pytest.approx([10_000] * 4, abs=400)
        assert (np.diff(trace.timestamp_s) >= 0).all()

    def test_unique_asks_for_each_user_at_most_once(self):
        users = self.users(40, "unique")
        assert sorted(users.tolist()) == list(range(40))

    def test_same_asks_for_one_user_all_the_time(self):
        users = self.users(1_000, "same")
        assert len(set(users.tolist())) == 1
        assert len({self.users(1, "same", seed=seed)[0] for seed in range(40)}) > 5, "the seed chooses the user"

    def test_shares_are_kept_with_repeats_too(self):
        trace = draw(1_000, self.DATASET, repeat="zipf", feedback_share=0.1, ingest_share=0.05)
        assert trace.counts() == {"recommend": 850, "feedback": 100, "ingest": 50}


class TestIngests:
    """New and changed items; t0 = 10."""

    EVENTS = [(1, 0, 0), (2, 1, 0), *((10 + step, step % 2, step % 5) for step in range(20))]

    def ingests(self, published_s, wanted=20, share=0.1, seed=7):
        dataset = published(dataset_of(self.EVENTS, n_items=8), published_s)
        trace = draw(wanted, dataset, seed=seed, train_share=0.1, feedback_share=0.0, ingest_share=share)
        rows = trace.kind == RequestKind.INGEST
        assert (trace.user[rows] == NOBODY).all()
        assert (trace.event_kind[rows] == NO_EVENT).all()
        assert (trace.user[~rows] >= 0).all()
        assert (np.diff(trace.timestamp_s) >= 0).all()
        return list(zip(trace.timestamp_s[rows].tolist(), trace.item[rows].tolist(), strict=True)), trace

    def test_new_items_come_first_each_once_at_their_own_time(self):
        times_s = [5, 17, 12, 40, None, 9]
        found, _ = self.ingests(times_s)
        assert found == [(12, 2), (17, 1)], "40 is after the last event; 5 and 9 before t0"

    def test_more_new_items_than_wanted_are_spread_over_the_trace(self):
        times_s = [11, 13, 15, 17, 19, 21, 23, 25]
        drawn = [self.ingests(times_s, wanted=10, seed=seed)[0] for seed in range(200)]
        assert all(len(found) == 1 for found in drawn)
        assert len({found[0] for found in drawn}) == 8, "not always the earliest"
        assert all(time_s == times_s[item] for found in drawn for time_s, item in found)

    def test_too_few_new_items_are_made_up_by_known_items_that_change(self):
        found, trace = self.ingests([15, 5, 99, 98], wanted=20, share=0.5)
        assert len(found) == 10
        assert (15, 0) in found
        changed = [item for _, item in found if item != 0]
        assert len(changed) == 9
        assert set(changed) <= {1, 4, 5, 6, 7}, "items 2 and 3 were not known before t0"
        of_events = set(trace.timestamp_s[trace.kind != RequestKind.INGEST].tolist())
        assert {time_s for time_s, item in found if item != 0} <= of_events

    def test_an_item_comes_before_the_events_of_its_second(self):
        _, trace = self.ingests([12], wanted=21, share=1 / 21)
        place = trace.kind.tolist().index(RequestKind.INGEST)
        assert trace.timestamp_s[place : place + 2].tolist() == [12, 12]
        assert trace.kind[place + 1] == RequestKind.RECOMMEND

    def test_nothing_to_change_is_told(self):
        with pytest.raises(ConfigError, match=r"10 ingests wanted, but only 0 items.*none before t0"):
            self.ingests([90] * 8, share=0.5)

    def test_ingests_leave_users_and_feedback_of_their_own_stream_alone(self):
        dataset = make_dataset()
        with_items = draw(50, dataset, feedback_share=0.08, ingest_share=0.2)
        without = draw(40, dataset, feedback_share=0.1)
        of_users = with_items.kind != RequestKind.INGEST
        assert (with_items.user[of_users] == without.user).all()
        assert (with_items.kind[of_users] == without.kind).all()


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"feedback_share": 0.5, "ingest_share": 0.5}, "must add up to less than 1"),
        ({"kind": "file"}, "needs a path"),
        ({"path": "x.csv"}, 'set kind = "file"'),
        ({"repeat": "often"}, "zipf"),
        ({"zipf_s": float("inf")}, "finite"),
    ],
)
def test_keys_that_contradict_each_other(keys, said):
    with pytest.raises(ValueError, match=said):
        scenario(**keys)
