from collections import Counter
from dataclasses import replace

import numpy as np
from gate_samples import gate_samples
from scipy.stats import binom

from bench.analysis.gate.contamination import FALSE_ALARMS, contamination
from bench.analysis.gate.samples import Side
from bench.analysis.stats.paired_blocks import strictest_level


def test_a_machine_at_rest_is_trusted_although_it_drifts_and_head_is_slower():
    assert contamination(gate_samples(1.1)) == []


def test_a_second_process_that_is_always_slower_is_noticed():
    samples = [replace(one, response_ms=one.response_ms * (1.06 if one.turn else 1.0)) for one in gate_samples()]
    reasons = contamination(samples)
    assert len(reasons) == 1
    assert "of two equal processes the second takes ×1.0" in reasons[0]


def test_one_side_alone_is_asked_as_well():
    slower = [replace(one, response_ms=one.response_ms * (1.06 if one.turn else 1.0)) for one in gate_samples(blocks=7)]
    (reason,) = contamination([one for one in slower if one.side is Side.HEAD])
    assert "of two equal processes" in reason


def test_one_side_of_few_blocks_is_doubted_no_more_often_than_they_can_say():
    gates = [gate_samples(scatter=0.08, blocks=7, seed=seed, sides=(Side.HEAD,)) for seed in range(400)]
    doubted = sum(bool(contamination(samples)) for samples in gates)
    assert doubted <= binom.ppf(0.999, len(gates), 1 - strictest_level(7))


def test_each_control_doubts_one_stage_at_rest_in_a_hundred_at_most():
    gates, scatter = 400, 0.08
    draw = np.random.default_rng(8)
    doubted = Counter()
    for gate in range(gates):
        arms = [gate_samples(scatter=scatter, blocks=7, seed=4 * gate + n, arm=name) for n, name in enumerate("abcd")]
        samples = [
            replace(sample, control_ms=float(np.exp(draw.normal(0, 3 * scatter)))) for arm in arms for sample in arm
        ]
        doubted.update({"fixed" if "fixed" in reason else "equal" for reason in contamination(samples)})
    assert max(doubted.values(), default=0) <= binom.ppf(0.999, gates, FALSE_ALARMS)


def test_each_stage_is_judged_although_both_number_their_blocks_from_0():
    first = [
        replace(one, response_ms=one.response_ms * (1.06 if one.turn else 1.0)) for one in gate_samples(1.1, blocks=6)
    ]
    confirming = [replace(one, stage=1) for one in first]
    reasons = contamination([*first, *confirming])
    assert [reason.startswith("while confirming, ") for reason in reasons] == [False, True]
    at_rest = [replace(one, stage=1) for one in gate_samples(1.1, seed=4)]
    assert contamination([*first, *at_rest]) == reasons[:1]


def test_fixed_work_that_takes_longer_on_one_side_is_noticed():
    samples = [replace(one, control_ms=1.1 if one.side is Side.HEAD else 1.0) for one in gate_samples()]
    (reason,) = contamination(samples)
    assert "×1.100 as long on head as on base" in reason


def test_stolen_time_is_noticed():
    (reason,) = contamination([replace(one, steal_share=0.03) for one in gate_samples()])
    assert "3.00 %" in reason
