"""Two hundred runs, each killed with kill -9 at a random moment: none is corrupt, all open."""

import random
from collections import Counter

import pytest
from killed_runs import NOTHING, STOPPED, UNMEASURED, WHOLE, kill_one, text_of

pytestmark = pytest.mark.verify

RUNS = 200
LIFE_S = 9.0


def test_two_hundred_killed_runs_all_open(tmp_path):
    random_, text = random.Random(8), text_of(blocks=20)
    left = Counter(
        kill_one(tmp_path / f"{number}", text, random_, LIFE_S, worker=number % 4 == 0) for number in range(RUNS)
    )
    assert sum(left.values()) == RUNS
    assert set(left) <= {WHOLE, STOPPED, UNMEASURED, NOTHING}
    assert left[STOPPED] >= RUNS // 10, f"moments must lie within the measurement: {left}"
