"""The simulated events keep the calibration that the module's docstring states, and nothing else leaks in."""

from datetime import UTC, datetime

import numpy as np
import pytest

from recsys.data.embedded import FIRST_DAY, item_traits, read_catalogue
from recsys.data.fingerprint import content_sha256
from recsys.data.loading import load_dataset
from recsys.data.simulation import DAY_S, SESSION_BREAK_S, Period, simulate_events
from recsys.types import EventKind

PINNED = "14d169a190c3b896"


@pytest.fixture(scope="module")
def dataset():
    return load_dataset("embedded", data_dirs=[])


@pytest.fixture(scope="module")
def grouped(dataset):
    """Events by user, and the number of the session of each."""
    events = dataset.by_user.events
    new = np.ones(len(events), bool)
    new[1:] = (np.diff(events.user) != 0) | (np.diff(events.timestamp_s) >= SESSION_BREAK_S)
    return events, np.cumsum(new) - 1


def test_size_leaves_enough_to_test_on(dataset):
    assert 20_000 <= len(dataset.events) <= 27_000
    assert (dataset.events.timestamp_s >= dataset.split_s(0.8)).sum() >= 3_000
    assert np.array_equal(np.unique(dataset.events.user), np.arange(len(dataset.user_ids)))


def test_events_lie_in_the_period_after_every_publication(dataset):
    times_s = dataset.events.timestamp_s
    assert (np.diff(times_s) >= 0).all()
    assert max(item.published_s for item in dataset.items) < FIRST_DAY.timestamp() <= times_s[0]
    assert datetime.fromtimestamp(int(times_s[-1]), UTC) < datetime(2026, 4, 2, tzinfo=UTC)


def test_kinds(dataset):
    shares = np.bincount(dataset.events.kind, minlength=3) / len(dataset.events)
    assert shares[EventKind.BROWSE] == pytest.approx(0.22, abs=0.02)
    assert shares[EventKind.CLICK] == pytest.approx(0.73, abs=0.02)
    assert shares[EventKind.PURCHASE] == pytest.approx(0.05, abs=0.01)


def test_history_lengths_when_training_ends(dataset):
    training = dataset.events.timestamp_s < dataset.split_s(0.8)
    lengths = np.bincount(dataset.events.user[training], minlength=len(dataset.user_ids))
    p25, p50, p75, p95 = np.percentile(lengths, [25, 50, 75, 95])
    assert 5 <= p25 <= 9
    assert 15 <= p50 <= 21
    assert 33 <= p75 <= 48
    assert 95 <= p95 <= 130
    assert 0.005 <= (lengths == 0).mean() <= 0.04


def test_sessions_and_gaps(grouped):
    events, session = grouped
    clicks = np.bincount(session[events.kind == EventKind.CLICK])
    long = clicks[clicks >= 5]
    assert 6 <= np.median(long) <= 8
    assert 15 <= np.percentile(long, 95) <= 19
    gaps_s = np.diff(events.timestamp_s)[np.diff(session) == 0]
    p50, p90 = np.percentile(gaps_s, [50, 90])
    assert 48 <= p50 <= 62
    assert 250 <= p90 <= 320


def test_clicks_come_back_within_a_session(grouped):
    events, session = grouped
    clicked = events.kind == EventKind.CLICK
    different = np.unique(np.stack([session[clicked], events.item[clicked]]), axis=1).shape[1]
    assert 1 - different / clicked.sum() == pytest.approx(0.26, abs=0.03)


def test_purchases_follow_a_click_on_the_item(grouped):
    events, _ = grouped
    bought = np.flatnonzero(events.kind == EventKind.PURCHASE)
    assert (events.item[bought] == events.item[bought - 1]).all()
    assert (events.user[bought] == events.user[bought - 1]).all()
    assert (events.kind[bought - 1] == EventKind.CLICK).all()


def test_popularity_is_that_of_a_zipf_law(dataset):
    counts = np.sort(np.bincount(dataset.events.item, minlength=len(dataset.items)))[::-1]
    zipf = np.arange(1, len(counts) + 1) ** -0.65
    top_10_percent = len(counts) // 10
    assert counts[:top_10_percent].sum() / counts.sum() == pytest.approx(
        zipf[:top_10_percent].sum() / zipf.sum(), abs=0.03
    )
    assert 0.08 <= counts[: len(counts) // 100].sum() / counts.sum() <= 0.16


def test_days_have_a_peak(dataset):
    per_hour = np.bincount(dataset.events.timestamp_s % DAY_S // 3600, minlength=24)
    assert per_hour.max() / per_hour.mean() == pytest.approx(2, abs=0.25)
    assert per_hour.max() / per_hour.min() >= 10


def test_users_like_attributes(dataset):
    """A user's items share topics far more often than two items of two users do."""
    topic = item_traits(read_catalogue()).codes["topic"]
    events = dataset.by_user.events
    shares = [
        np.bincount(topic[events.item[low:high]], minlength=24).max() / (high - low)
        for low, high in zip(dataset.by_user.offsets[:-1], dataset.by_user.offsets[1:], strict=True)
        if high - low >= 20
    ]
    overall = np.bincount(topic[events.item]).max() / len(events)
    assert np.median(shares) > 3 * overall


def test_words_do_not_enter():
    """The simulation is told attributes and ages alone: it cannot see a word."""
    traits = item_traits(read_catalogue())
    assert set(traits.codes) == {"topic", "domain", "tone", "level"}


def test_seed_decides_everything(dataset):
    again = load_dataset("embedded", data_dirs=[], seed=7)
    other = load_dataset("embedded", data_dirs=[], seed=8)
    assert again.sha256 == dataset.sha256
    assert other.sha256 != dataset.sha256


def test_pinned_events():
    """The same seed gives the same events on another machine and another version of numpy."""
    events = simulate_events(item_traits(read_catalogue()), Period(0, 30), n_users=50, seed=1)
    assert content_sha256((), (), events)[:16] == PINNED


def test_one_user_one_day():
    dataset = load_dataset("embedded", data_dirs=[], users=1, days=1)
    assert dataset.user_ids == ("user-1",)
    assert len(dataset.events) >= 1
