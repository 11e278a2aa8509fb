from dataclasses import replace

from gate_samples import gate_samples

from bench.analysis.gate.contamination import contamination
from bench.analysis.gate.samples import Side


def test_a_machine_at_rest_is_trusted_although_it_drifts_and_head_is_slower():
    assert contamination(gate_samples(1.1)) == []


def test_a_second_process_that_is_always_slower_is_noticed():
    samples = [replace(one, response_ms=one.response_ms * (1.06 if one.turn else 1.0)) for one in gate_samples()]
    reasons = contamination(samples)
    assert len(reasons) == 2
    assert "of two equal processes of base" in reasons[0]


def test_each_stage_is_judged_although_both_number_their_blocks_from_0():
    first = [
        replace(one, response_ms=one.response_ms * (1.06 if one.turn else 1.0)) for one in gate_samples(1.1, blocks=6)
    ]
    confirming = [replace(one, stage=1) for one in first]
    reasons = contamination([*first, *confirming])
    assert [reason.startswith("while confirming, ") for reason in reasons] == [False, False, True, True]
    at_rest = [replace(one, stage=1) for one in gate_samples(1.1, seed=4)]
    assert contamination([*first, *at_rest]) == reasons[:2]


def test_fixed_work_that_takes_longer_on_one_side_is_noticed():
    samples = [replace(one, control_ms=1.1 if one.side is Side.HEAD else 1.0) for one in gate_samples()]
    (reason,) = contamination(samples)
    assert "×1.100 as long on head as on base" in reason


def test_stolen_time_is_noticed():
    (reason,) = contamination([replace(one, steal_share=0.03) for one in gate_samples()])
    assert "3.00 %" in reason
