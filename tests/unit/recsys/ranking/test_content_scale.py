"""Mean and spread of a user's scores without scoring every item."""

import numpy as np
import pytest
import scipy.sparse

from recsys.ranking.content_scale import content_scale
from recsys.vectors import unit_rows


@pytest.mark.parametrize("sort", [np.asarray, scipy.sparse.csr_array])
def test_it_is_that_of_the_scores_themselves(sort):
    rng = np.random.default_rng(4)
    vectors = unit_rows(rng.standard_normal((300, 12)) * (rng.random((300, 12)) < 0.5) + 0.1)
    scale = content_scale(sort(vectors))
    for user in unit_rows(rng.standard_normal((5, 12))):
        mean, spread = scale.of(sort(user[None]))
        scores = vectors.astype(np.float64) @ user
        assert (mean, spread) == (pytest.approx(scores.mean(), abs=1e-6), pytest.approx(scores.std(), abs=1e-6))


@pytest.mark.parametrize("sort", [np.asarray, scipy.sparse.csr_array])
def test_a_user_without_history_has_no_spread(sort):
    vectors = sort(unit_rows(np.random.default_rng(0).standard_normal((20, 4))))
    assert content_scale(vectors).of(sort(np.zeros((1, 4), np.float32))) == (0.0, 0.0)
