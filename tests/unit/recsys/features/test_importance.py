"""From importance to weight and back."""

import numpy as np
import pytest

from recsys.features.importance import importances_of, weights_of


def test_as_stated_a_more_important_block_weighs_less_and_the_switch_turns_that_round():
    assert weights_of([0, 1, 2], 1.0, "as_stated") == pytest.approx([1.0, 0.3679, 0.1353], abs=1e-4)
    assert weights_of([0, 1, 2], 1.0, "more_is_more") == pytest.approx([1.0, 2.7183, 7.3891], abs=1e-4)


def test_without_alpha_all_blocks_weigh_alike():
    assert weights_of([0, 5, -2], 0.0, "as_stated").tolist() == [1, 1, 1]


@pytest.mark.parametrize("sign", ["as_stated", "more_is_more"])
def test_importances_come_back_from_their_weights(sign):
    importances = np.array([0.3, -1.0, 4.0])
    assert importances_of(weights_of(importances, 0.7, sign), 0.7, sign) == pytest.approx(importances, abs=1e-5)
