"""Floors: rankings from training events alone."""

import numpy as np
import pytest

from recsys.errors import BadOptions
from recsys.floors import popularity_scores, random_scores, recent_popularity_scores
from recsys.types import EventKind, Events


def events(items: list[int]) -> Events:
    n = len(items)
    return Events(np.arange(n), np.zeros(n, np.int32), np.array(items, np.int32), np.zeros(n, np.int8))


TRAINING = events([0] * 12 + [1] * 5 + [2, 2, 1])


def test_popularity_counts_events():
    scores = popularity_scores(TRAINING, 4)
    assert scores.tolist() == [12, 6, 2, 0]
    assert scores.dtype == np.float32


def test_recent_popularity_counts_the_last_tenth():
    assert recent_popularity_scores(TRAINING, 4).tolist() == [0, 1, 1, 0]
    assert recent_popularity_scores(TRAINING, 4, share=1).tolist() == [12, 6, 2, 0]
    assert recent_popularity_scores(events([1] * 9), 2).tolist() == [0, 0]


def test_what_was_rated_badly_is_not_popular():
    """It keeps its place among the last tenth, which is that of all events."""
    disliked = Events(TRAINING.timestamp_s, TRAINING.user, TRAINING.item, TRAINING.kind.copy())
    disliked.kind[[0, 19]] = EventKind.DISLIKE
    assert popularity_scores(disliked, 4).tolist() == [11, 5, 2, 0]
    assert recent_popularity_scores(disliked, 4).tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize("share", [0, -0.1, 1.1])
def test_share_must_be_a_share(share):
    with pytest.raises(BadOptions, match="share"):
        recent_popularity_scores(TRAINING, 4, share)


def test_random_depends_on_seed_and_user_alone():
    first = random_scores(1000, seed=1, user=5)
    assert np.array_equal(first, random_scores(1000, seed=1, user=5))
    assert not np.array_equal(first, random_scores(1000, seed=1, user=6))
    assert not np.array_equal(first, random_scores(1000, seed=2, user=5))
    assert first.mean() == pytest.approx(0.5, abs=0.05)
