import math

import pytest

from bench.analysis.gate.rule import GateVerdict, confirmed, judge
from bench.analysis.stats.samples import Interval


@pytest.mark.parametrize(
    ("ratios", "verdict"),
    [
        ((1.06, 1.10, 1.12), "REGRESSED"),
        ((1.001, 1.051, 1.2), "REGRESSED"),
        ((0.99, 1.10, 1.2), "INCONCLUSIVE"),
        ((1.01, 1.02, 1.03), "UNCHANGED"),
        ((1.01, 1.03, 1.06), "INCONCLUSIVE"),
        ((0.97, 1.0, 1.04), "UNCHANGED"),
        ((0.90, 1.0, 1.04), "INCONCLUSIVE"),
        ((0.80, 0.90, 0.99), "IMPROVED"),
    ],
)
def test_the_rule(ratios, verdict):
    assert judge(Interval(*map(math.log, ratios)), 1.05) is GateVerdict(verdict)


def test_better_and_worse_are_mirror_images():
    mirror = {"REGRESSED": "IMPROVED", "IMPROVED": "REGRESSED"}
    for low, point, high in [(0.01, 0.06, 0.08), (-0.02, 0.0, 0.03), (-0.2, 0.0, 0.2), (0.06, 0.07, 0.2)]:
        said = judge(Interval(low, point, high), 1.05)
        assert judge(Interval(-high, -point, -low), 1.05).value == mirror.get(said.value, said.value)


def test_what_a_fresh_start_does_not_repeat_is_not_told():
    worse, same = GateVerdict.REGRESSED, GateVerdict.UNCHANGED
    assert confirmed(worse, worse) is worse
    assert confirmed(worse, same) is GateVerdict.INCONCLUSIVE
    assert confirmed(same, worse) is same
