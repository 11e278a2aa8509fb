"""The worked example of block similarity: the true cosines are 0.9926 and 0.9978, not 0.7 and 0.8 as is printed."""

import numpy as np
import pytest

from recsys.features.blocks import VectorBlock
from recsys.features.importance import weights_of
from recsys.features.profile import Profile
from recsys.vectors import unit_rows

TITLE = ([0.3, 0.2, 0.1], [0.4, 0.3, 0.2])
IMAGE = ([0.5, 0.4, 0.3, 0.2], [0.6, 0.5, 0.4, 0.3])
LIKES_THE_FIRST = Profile(np.array([0], np.int32), np.ones(1, np.float32), np.array([0], np.int32))
SECOND = np.array([1], np.int32)


def cosine(pair):
    """Of the user, who has met the first item, with the second."""
    return float(VectorBlock(unit_rows(pair)).similarity(LIKES_THE_FIRST, SECOND)[0])


@pytest.mark.parametrize(("pair", "expected"), [(TITLE, 0.9926), (IMAGE, 0.9978)])
def test_the_cosines_are_those_of_the_definition(pair, expected):
    a, b = np.array(pair[0]), np.array(pair[1])
    assert expected == pytest.approx(a @ b / np.sqrt(a @ a * (b @ b)), abs=5e-5)
    assert cosine(pair) == pytest.approx(expected, abs=5e-5)


def test_the_score_is_the_sum_of_weight_times_cosine_under_either_sign():
    """Title twice as important as the image, alpha 0.5."""
    cosines = np.array([cosine(TITLE), cosine(IMAGE)])
    as_stated = weights_of([2.0, 1.0], 0.5, "as_stated")
    assert as_stated == pytest.approx([np.exp(-1.0), np.exp(-0.5)])
    assert as_stated @ cosines == pytest.approx(0.36788 * 0.99258 + 0.60653 * 0.99780, abs=1e-4)
    more_is_more = weights_of([2.0, 1.0], 0.5, "more_is_more")
    assert more_is_more @ cosines == pytest.approx(2.71828 * 0.99258 + 1.64872 * 0.99780, abs=1e-4)
