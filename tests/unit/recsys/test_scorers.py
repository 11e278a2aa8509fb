"""Scorers: the cosine they promise, dense and sparse alike."""

import numpy as np
import pytest
import scipy.sparse

from recsys.scorers import (
    BlendScorer,
    MeanOfItemsScorer,
    ProfileTextScorer,
    RandomScorer,
    SameForAllScorer,
    floor_scorers,
)
from recsys.types import Events

USERS = np.array([3, 8], np.int32)
HISTORIES = [np.array([0, 1, 1], np.int32), np.array([], np.int32)]
VECTORS = np.array([[1, 0, 0], [0, 1, 0], [0.6, 0.8, 0], [0, 0, 0]], np.float32)


@pytest.mark.parametrize("form", [np.asarray, scipy.sparse.csr_array])
def test_mean_of_items_is_the_cosine_with_the_mean(form):
    scores = MeanOfItemsScorer(form(VECTORS))(USERS, HISTORIES)
    mean = np.array([1, 2, 0]) / np.sqrt(5)
    np.testing.assert_allclose(scores, [VECTORS @ mean, np.zeros(4)], atol=1e-6)
    assert scores.dtype == np.float32


def test_profile_text_joins_titles_oldest_first():
    class Recorder:
        def encode(self, texts):
            self.texts = texts
            return VECTORS[[2, 3]]

    encoder = Recorder()
    scores = ProfileTextScorer(encoder, VECTORS, ["kettle", "cup", "pot", "pan"])(USERS, HISTORIES)
    assert encoder.texts == ["kettle, cup, cup", ""]
    np.testing.assert_allclose(scores[0], [0.6, 0.8, 1, 0], atol=1e-6)


def test_blend_puts_both_on_one_scale():
    first = SameForAllScorer(np.array([1, 2, 3], np.float32))
    second = SameForAllScorer(np.array([3000, 1000, 2000], np.float32))
    z = np.sqrt(1.5)
    scores = BlendScorer(first, second, 0.5)(USERS, HISTORIES)
    np.testing.assert_allclose(scores, [[-z + 0.5 * z, -0.5 * z, z]] * 2, rtol=1e-6)
    flat = BlendScorer(first, SameForAllScorer(np.zeros(3, np.float32)), 0.5)(USERS, HISTORIES)
    np.testing.assert_allclose(flat, [[-z, 0, z]] * 2, rtol=1e-6)


def test_random_is_the_users_own():
    both = RandomScorer(5, seed=1)(USERS, HISTORIES)
    alone = RandomScorer(5, seed=1)(USERS[1:], HISTORIES[1:])
    np.testing.assert_array_equal(both[1:], alone)


def test_floors_by_name():
    training = Events(
        np.arange(20), np.zeros(20, np.int32), np.array([0] * 18 + [1, 1], np.int32), np.ones(20, np.int8)
    )
    scorers = floor_scorers(training, 3)
    assert list(scorers) == ["random", "popularity", "recent_popularity"]
    assert scorers["popularity"](USERS, HISTORIES)[0].tolist() == [18, 2, 0]
    assert scorers["recent_popularity"](USERS, HISTORIES)[1].tolist() == [0, 2, 0]
