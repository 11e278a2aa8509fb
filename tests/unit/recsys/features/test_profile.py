"""Behaviour to profile: known weights, and what is known when."""

import dataclasses

import numpy as np
import pytest
from small_data import make_dataset

from recsys.data.dataset import EventsByUser
from recsys.features.profile import DAY_S, History, ProfileOptions, ProfileStore
from recsys.types import EventKind, Events

NOBODY = EventsByUser.of(
    Events(np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int8)), 3
)


def history(kinds, ages_days, now_s=100 * DAY_S, amounts=None):
    items = np.arange(len(kinds), dtype=np.int32)
    times_s = np.array([now_s - age * DAY_S for age in ages_days], np.int64)
    amounts = None if amounts is None else np.array(amounts, np.float32)
    return History(items, np.array(kinds, np.int8), times_s, items, amounts)


def weights(kinds, ages_days, amounts=None, **options):
    store = ProfileStore(NOBODY, ProfileOptions(**options))
    return store.profile(history(kinds, ages_days, amounts=amounts), 100 * DAY_S).weights.tolist()


def test_a_purchase_weighs_three_clicks_and_a_click_two_looks():
    kinds = [EventKind.BROWSE, EventKind.CLICK, EventKind.PURCHASE]
    assert weights(kinds, [0, 0, 0]) == pytest.approx([0.5 / 4.5, 1 / 4.5, 3 / 4.5])
    own = {"event_weights": {"browse": 0, "click": 1, "purchase": 1}}
    assert weights(kinds, [0, 0, 0], **own) == pytest.approx([0, 0.5, 0.5])


def test_dwell_counts_by_its_logarithm_once_at_thirty_seconds_and_four_times_at_most():
    amounts = [0, 30, 90, 450, 10_000, np.nan]
    for kind in (EventKind.BROWSE, EventKind.CLICK):
        assert weights([kind] * 6, [0] * 6, amounts) == pytest.approx(np.array([0, 1, 2, 4, 4, 1]) / 12)


def test_quantity_counts_by_its_logarithm_once_for_one_piece():
    assert weights([EventKind.PURCHASE] * 4, [0] * 4, [1, 3, 1e6, np.nan]) == pytest.approx(
        [1 / 8, 2 / 8, 4 / 8, 1 / 8]
    )
    six_at_most = {"event_weights": {"most": 6}}
    assert weights([EventKind.PURCHASE] * 2, [0] * 2, [1, 1e6], **six_at_most) == pytest.approx([1 / 7, 6 / 7])


def test_a_rating_counts_its_share_of_the_best_mark_and_a_dislike_nothing_unless_told():
    kinds = [EventKind.RATING, EventKind.RATING, EventKind.DISLIKE]
    assert weights(kinds, [0] * 3, [1.0, 0.8, 0.2]) == pytest.approx([1 / 1.8, 0.8 / 1.8, 0])
    watched = {"event_weights": {"dislike": 1}}
    assert weights(kinds, [0] * 3, [1.0, 0.8, 0.2], **watched) == pytest.approx([0.5, 0.4, 0.1])


def test_kind_amount_and_age_multiply():
    kinds = [EventKind.PURCHASE, EventKind.BROWSE]
    expected = np.array([3 * 2 / 2, 0.5 * 2])
    assert weights(kinds, [10, 0], [3, 90], half_life_days=10) == pytest.approx(expected / expected.sum())


def test_amounts_that_are_not_known_change_nothing():
    kinds = [EventKind.BROWSE, EventKind.CLICK, EventKind.PURCHASE, EventKind.RATING]
    assert weights(kinds, [0] * 4, [np.nan] * 4) == weights(kinds, [0] * 4)


def test_the_data_s_amounts_reach_the_profile_and_feedback_has_none():
    dataset = make_dataset()
    amount = np.arange(len(dataset.events), dtype=np.float32)
    events = dataclasses.replace(dataset.events, amount=amount)
    store = ProfileStore(EventsByUser.of(events, 12), ProfileOptions())
    store.rewind(int(events.timestamp_s[300]))
    store.record(4, 39, EventKind.CLICK, int(events.timestamp_s[300]))
    mine = (events.user == 4) & (events.timestamp_s < events.timestamp_s[300])
    known = store.history(4)
    assert known.amounts.tolist() == pytest.approx([*amount[mine].tolist(), np.nan], nan_ok=True)
    kept = known.where(np.arange(len(known.items)) != 0)
    assert kept.amounts.tolist() == pytest.approx([*amount[mine].tolist()[1:], np.nan], nan_ok=True)


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


def test_words_go_with_the_profile_and_change_nothing_in_it():
    store = ProfileStore(NOBODY, ProfileOptions())
    known = history([EventKind.CLICK, EventKind.PURCHASE], [1, 2])
    with_words, without = store.profile(known, 3, "red kettle"), store.profile(known, 3)
    assert (with_words.query, without.query) == ("red kettle", "")
    assert with_words.items.tolist() == without.items.tolist()
    assert with_words.weights.tolist() == without.weights.tolist()


def test_events_that_are_left_out_were_still_seen():
    known = history([EventKind.CLICK] * 3, [1, 2, 3])
    kept = known.where(np.array([True, False, True]))
    assert kept.items.tolist() == known.items[[0, 2]].tolist()
    assert kept.timestamps_s.tolist() == known.timestamps_s[[0, 2]].tolist()
    assert len(kept.kinds) == 2
    assert kept.seen.tolist() == known.seen.tolist()
