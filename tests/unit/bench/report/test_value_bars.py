"""Bars by arm, where there is no arm to draw."""

import pytest

from bench.report.figures import NothingToDraw
from bench.report.value_bars import Quantity, draw_value_bars


def test_without_a_measured_arm_there_is_nothing_to_draw():
    with pytest.raises(NothingToDraw, match="No arm was measured"):
        draw_value_bars("Memory", (), [Quantity("MB", {"gone": 1.0})])
