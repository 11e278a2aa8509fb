"""Metrics of predicted clicks, against scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.metrics import log_loss as known_log_loss

from recsys.ranking.click_quality import accuracy, auc, log_loss

chances = st.sampled_from([0.01, 0.2, 0.2001, 0.5, 0.7, 0.99])


@given(st.lists(st.tuples(st.booleans(), chances), min_size=2, max_size=40))
def test_they_are_those_of_scikit_learn(examples):
    clicked, predicted = np.array([row[0] for row in examples]), np.array([row[1] for row in examples])
    assert accuracy(clicked, predicted) == pytest.approx(accuracy_score(clicked, predicted > 0.5))
    assert log_loss(clicked, predicted) == pytest.approx(known_log_loss(clicked, predicted, labels=[False, True]))
    if clicked.any() and not clicked.all():
        assert auc(clicked, predicted) == pytest.approx(roc_auc_score(clicked, predicted))
    else:
        assert np.isnan(auc(clicked, predicted))


def test_a_certain_mistake_costs_much_but_not_infinitely():
    assert 15 < log_loss(np.array([True]), np.array([0.0], np.float32)) < 17
