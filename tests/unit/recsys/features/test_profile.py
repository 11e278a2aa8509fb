"""Behaviour to profile: known weights, and what is known when."""

import numpy as np
import pytest
from small_data import make_dataset

from recsys.data.dataset import EventsByUser
from recsys.features.profile import DAY_S, History, ProfileOptions, ProfileStore
from recsys.types import EventKind, Events

NOBODY = EventsByUser.of(
    Events(np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int8)), 3
)


def history(kinds, ages_days, now_s=100 * DAY_S):
    items = np.arange(len(kinds), dtype=np.int32)
    times_s = np.array([now_s - age * DAY_S for age in ages_days], np.int64)
    return History(items, np.array(kinds, np.int8), times_s, items)


def weights(kinds, ages_days, **options):
    store = ProfileStore(NOBODY, ProfileOptions(**options))
    return store.profile(history(kinds, ages_days), 100 * DAY_S).weights.tolist()


def test_a_purchase_weighs_three_clicks_and_a_click_two_looks():
    kinds = [EventKind.BROWSE, EventKind.CLICK, EventKind.PURCHASE]
    assert weights(kinds, [0, 0, 0]) == pytest.approx([0.5 / 4.5, 1 / 4.5, 3 / 4.5])
    own = {"event_weights": {"browse": 0, "click": 1, "purchase": 1}}
    assert weights(kinds, [0, 0, 0], **own) == pytest.approx([0, 0.5, 0.5])


def test_an_event_counts_half_at_its_half_life_and_a_quarter_at_two():
    clicks = [EventKind.CLICK] * 3
    assert weights(clicks, [20, 10, 0], half_life_days=10) == pytest.approx([1 / 7, 2 / 7, 4 / 7])
    assert weights(clicks, [20, 10, 0]) == pytest.approx([1 / 3] * 3), "0 turns ageing off"


def test_kind_and_age_multiply():
    kinds = [EventKind.PURCHASE, EventKind.CLICK]
    assert weights(kinds, [10, 0], half_life_days=10) == pytest.approx([1.5 / 2.5, 1 / 2.5])


def test_a_profile_that_is_old_all_over_does_not_fade_to_nothing():
    """2^−300 is 0 in float32; only ages relative to each other matter."""
    assert weights([EventKind.CLICK] * 2, [301, 300], half_life_days=1) == pytest.approx([1 / 3, 2 / 3])


def test_an_event_of_this_very_moment_or_later_has_no_age():
    clicks = [EventKind.CLICK] * 2
    assert weights(clicks, [0, -5], half_life_days=1) == pytest.approx([0.5, 0.5])


def test_only_the_newest_events_make_the_profile_and_all_are_seen():
    profile = ProfileStore(NOBODY, ProfileOptions(history=2)).profile(history([EventKind.CLICK] * 4, [3, 2, 1, 0]), 0)
    assert profile.items.tolist() == [2, 3]
    assert profile.weights.tolist() == [0.5, 0.5]
    assert profile.seen.tolist() == [0, 1, 2, 3]


def test_no_history_no_weights():
    profile = ProfileStore(NOBODY, ProfileOptions(half_life_days=3)).profile(history([], []), 0)
    assert (len(profile.items), len(profile.weights), len(profile.seen)) == (0, 0, 0)


def test_events_that_weigh_nothing_make_a_profile_of_zeros():
    own = {"event_weights": {"browse": 0, "click": 0, "purchase": 0}}
    assert weights([EventKind.CLICK] * 2, [0, 0], **own) == [0, 0]


def test_the_store_knows_what_was_strictly_before_and_the_feedback_since():
    dataset = make_dataset()
    store = ProfileStore(dataset.by_user, ProfileOptions())
    middle_s = int(dataset.events.timestamp_s[200])
    store.rewind(middle_s)
    for user in range(12):
        mine = dataset.events.user == user
        before = mine & (dataset.events.timestamp_s < middle_s)
        assert store.history(user).items.tolist() == dataset.events.item[before].tolist()
    store.record(4, 39, EventKind.PURCHASE, middle_s)
    store.record(4, 39, EventKind.CLICK, middle_s + 1)
    known = store.history(4)
    assert known.items[-2:].tolist() == [39, 39]
    assert known.kinds[-2:].tolist() == [EventKind.PURCHASE, EventKind.CLICK]
    assert known.timestamps_s[-2:].tolist() == [middle_s, middle_s + 1]
    assert known.seen.tolist() == sorted(set(known.items.tolist()))
    store.rewind(0)
    assert len(store.history(4).items) == 0
