from collections import Counter

from bench.analysis.gate.samples import Side
from bench.experiments.gate.stages import order

BOTH = [Side.BASE, Side.HEAD]


def test_each_arm_is_measured_twice_a_side_with_equal_mean_places():
    for block in range(40):
        turns = order(7, block, BOTH, ["a", "b", "c"])
        assert Counter((turn.side, turn.arm) for turn in turns) == {(side, arm): 2 for side in BOTH for arm in "abc"}
        for arm in "abc":
            places = {
                side: [at for at, turn in enumerate(turns) if (turn.side, turn.arm) == (side, arm)] for side in BOTH
            }
            assert sum(places[Side.BASE]) == sum(places[Side.HEAD])
            assert max(map(max, places.values())) - min(map(min, places.values())) == 3, "A B B A, nothing between"


def test_neither_side_comes_first_more_often():
    first = Counter(order(7, block, BOTH, ["a"])[0].side for block in range(10))
    assert first == {Side.BASE: 5, Side.HEAD: 5}


def test_with_one_side_the_arms_go_there_and_back():
    turns = order(7, 3, [Side.HEAD], ["a", "b", "c"])
    arms = [turn.arm for turn in turns]
    assert arms == arms[::-1]
    assert [turn.place for turn in turns] == [0, 0, 0, 1, 1, 1]
