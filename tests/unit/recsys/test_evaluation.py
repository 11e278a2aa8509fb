"""The evaluation protocol on a data set small enough to work out by hand, and planted faults it must show."""

import numpy as np
import pytest

from recsys.data import Dataset
from recsys.evaluation import (
    COLD_USER_EVENTS,
    USERS_PER_CHUNK,
    cold_users,
    evaluate,
    evaluate_split,
    split_users,
    training_events,
)
from recsys.scorers import SameForAllScorer
from recsys.types import EventKind, Events, Item

# Columns: time, user, item. t0 is the time of event ⌊0.8 · 10⌋, which is 8. User 0 has events on both sides, user 1 in
# training only, user 2 in testing only (LATER); what user 3 meets in testing it has met in training.
EVENTS = [(0, 0, 0), (1, 1, 1), (2, 0, 2), (3, 3, 4), (4, 0, 2), (5, 0, 3), (6, 1, 0), (7, 3, 0), (8, 0, 4), (8, 3, 4)]
LATER = [(9, 0, 2), (9, 2, 1)]


def dataset(rows=EVENTS, n_items: int = 6) -> Dataset:
    time, user, item = (np.array(column) for column in zip(*rows, strict=True))
    events = Events(time.astype(np.int64), user.astype(np.int32), item.astype(np.int32), np.ones(len(rows), np.int8))
    items = tuple(Item(f"i{number}", f"title {number}") for number in range(n_items))
    return Dataset("tiny", items, tuple(f"u{number}" for number in range(user.max() + 1)), events, "")


def test_training_ends_before_t0():
    assert training_events(dataset(), 0.8).timestamp_s.tolist() == list(range(8))
    assert training_events(dataset([*EVENTS[:8], (7, 2, 1), (7, 2, 2)]), 0.8).timestamp_s.tolist() == list(range(7))


def test_eligible_users_and_what_they_seek():
    split = split_users(dataset([*EVENTS, *LATER]), train_share=0.7, history=3)
    assert split.users.tolist() == [0]
    assert split.histories[0].tolist() == [2, 2, 3]
    assert split.seen[0].tolist() == [0, 2, 3]
    assert split.relevant[0].tolist() == [4]
    assert split.n_relevant.tolist() == [1]


def test_seen_items_may_be_sought_again():
    split = split_users(dataset([*EVENTS, *LATER]), train_share=0.7, history=9, exclude_seen=False)
    assert split.users.tolist() == [0, 3]
    assert split.relevant[0].tolist() == [2, 4]
    assert split.relevant[1].tolist() == [4]


def test_ranking_leaves_seen_items_out_and_breaks_ties_by_position():
    scorer = SameForAllScorer(np.array([9, 1, 9, 9, 1, 1], np.float32))
    ranked = evaluate(dataset(), {"x": scorer}, k=5).ranked["x"]
    assert ranked.recommended.tolist() == [[1, 4, 5, -1, -1]]
    assert ranked.metric("recall").tolist() == [1]
    assert ranked.metric("recall", k=1).tolist() == [0]
    assert ranked.metric("mrr").tolist() == [0.5]
    kept = evaluate(dataset(), {"x": scorer}, k=2, exclude_seen=False).ranked["x"]
    assert kept.recommended.tolist() == [[0, 2], [0, 2]]


def test_every_user_gets_their_own_row_across_chunks():
    n = USERS_PER_CHUNK + 30
    rows = [(0, user, user) for user in range(n)] + [(1, user, (user + 1) % n) for user in range(n)]
    data = dataset(rows, n_items=n)

    def knows_the_answer(users, histories):
        scores = np.zeros((len(users), n), np.float32)
        scores[np.arange(len(users)), (users + 1) % n] = 1
        return scores

    assert [history.tolist() for history in split_users(data, train_share=0.5, history=10).histories] == [
        [u] for u in range(n)
    ]
    ranked = evaluate(data, {"oracle": knows_the_answer}, train_share=0.5, k=1).ranked["oracle"]
    assert ranked.metric("recall").tolist() == [1.0] * n


def test_all_scorers_see_the_same_users():
    split = split_users(dataset(), train_share=0.8, history=10)
    flat = SameForAllScorer(np.zeros(6, np.float32))
    result = evaluate_split(split.take([]), {"a": flat, "b": flat}, k=3)
    assert {name: ranked.recommended.shape for name, ranked in result.ranked.items()} == {"a": (0, 3), "b": (0, 3)}


def test_the_future_is_not_in_the_history():
    """A scorer that ranks the history first never hits, since histories end before t0 and seen items are left out."""

    def repeats(users, histories):
        scores = np.zeros((len(users), 6), np.float32)
        for row, items in enumerate(histories):
            scores[row, items] = 1
        return scores

    ranked = evaluate(dataset(), {"repeat": repeats}, k=1).ranked["repeat"]
    assert ranked.metric("recall").tolist() == pytest.approx([0])


def test_what_was_disliked_after_t0_is_not_sought_and_before_it_is_seen():
    data = dataset([*EVENTS, *LATER])
    data.events.kind[:] = np.where(data.events.item == 4, EventKind.DISLIKE, EventKind.RATING)
    assert len(split_users(data, train_share=0.7, history=9)) == 0, "all that was new after t0 is item 4"
    seen = split_users(data, train_share=0.7, history=9, exclude_seen=False)
    assert [wanted.tolist() for wanted in seen.relevant] == [[2]]
    assert 4 not in seen.seen[0]


def test_cold_users_have_met_few_items_and_cold_items_were_met_by_nobody():
    """Users 0 … 6 meet that many items in training, then all of them the known item 0 and the new item 9."""
    before = [(time, user, 1 + time) for user in range(7) for time in range(user)]
    data = dataset(sorted(before) + [(10, user, item) for user in range(7) for item in (0, 9)], n_items=10)
    data.events.item[0] = 0  # user 1 has met it
    share = len(before) / len(data.events)
    assert cold_users(data, share).tolist() == list(range(COLD_USER_EVENTS))
    split = split_users(data, train_share=share, history=10)
    assert split.users.tolist() == [1, 2, 3, 4, 5, 6]
    assert split.n_training.tolist() == [1, 2, 3, 4, 5, 6]
    assert [items.tolist() for items in split.cold] == [[9]] * 6
    favours_9 = SameForAllScorer(np.arange(10, dtype=np.float32))
    favours_0 = SameForAllScorer(-np.arange(10, dtype=np.float32))
    ranked = evaluate_split(split, {"nine": favours_9, "zero": favours_0}, k=1).ranked
    nine, zero = ranked["nine"].by_group(split), ranked["zero"].by_group(split)
    assert nine["all"].metric("recall").tolist() == [1.0, 0.5, 0.5, 0.5, 0.5, 0.5], "user 1 has seen item 0"
    assert nine["cold_user"].metric("recall").tolist() == [1.0, 0.5, 0.5, 0.5]
    assert nine["cold_item"].metric("recall").tolist() == [1.0] * 6
    assert zero["cold_item"].metric("recall").tolist() == [0.0] * 6


def test_groups_without_anybody_are_empty():
    split = split_users(dataset(), train_share=0.8, history=10)
    ranked = evaluate_split(split, {"x": SameForAllScorer(np.ones(6, np.float32))}, k=2).ranked["x"]
    groups = ranked.by_group(split)
    assert len(groups["cold_user"].recommended) == len(split), "4 events each at most"
    assert len(groups["cold_item"].recommended) == 0, "item 4 was met in training by user 3"
