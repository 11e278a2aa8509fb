import math
from dataclasses import replace

import numpy as np
import pytest
from gate_samples import gate_samples, sample

from bench.analysis.gate.baseline import Baseline, baseline_arms, run_log_ratios
from bench.analysis.gate.comparison import (
    NOT_CONFIRMED,
    SCATTERED,
    UNANSWERED,
    UNCONFIRMED,
    compare_sides,
    compare_with_baseline,
)
from bench.analysis.gate.limits import Limits
from bench.analysis.gate.rule import GateVerdict
from bench.analysis.gate.samples import Metric, Side
from bench.errors import NothingMeasured

LIMITS = Limits({Metric.P50: 1.05, Metric.P90: 1.05, Metric.CPU: 1.05, Metric.P99: 1.15})


def verdicts(samples, limits=LIMITS):
    return {found.metric: found.verdict.value for found in compare_sides(samples, limits)}


@pytest.mark.parametrize(("ratio", "verdict"), [(1.0, "UNCHANGED"), (1.10, "REGRESSED"), (0.9, "IMPROVED")])
def test_a_planted_ratio_is_found_in_every_metric_although_the_machine_drifts(ratio, verdict):
    assert set(verdicts(gate_samples(ratio)).values()) == {verdict}


def test_the_ratio_is_that_of_geometric_means_of_the_processes_medians():
    times = {(Side.BASE, 0): 10.0, (Side.BASE, 1): 40.0, (Side.HEAD, 0): 10.0, (Side.HEAD, 1): 90.0}
    samples = [
        sample(side, block, turn, response_ms=np.full(40, ms))
        for block in range(6)
        for (side, turn), ms in times.items()
    ]
    found = next(found for found in compare_sides(samples, LIMITS) if found.metric is Metric.P50)
    assert found.ratio.point == pytest.approx(30.0 / 20.0)


def test_p99_takes_as_many_requests_as_its_interval_and_decides_nothing():
    assert Metric.P99 not in verdicts(gate_samples(1.2))
    many = [
        sample(side, block, turn, response_ms=np.linspace(1, 2, 400) * (1.3 if side is Side.HEAD else 1.0))
        for block in range(10)
        for side in Side
        for turn in (0, 1)
    ]
    tail = next(found for found in compare_sides(many, LIMITS) if found.metric is Metric.P99)
    assert tail.verdict is GateVerdict.REGRESSED
    assert tail.advisory


def test_an_arm_may_have_a_limit_of_its_own():
    lax = Limits(LIMITS.ratios, {"a": {Metric.P50: 1.3}})
    assert verdicts(gate_samples(1.10), lax)[Metric.P50] == "UNCHANGED"
    assert verdicts(gate_samples(1.10), lax)[Metric.P90] == "REGRESSED"


def failing(samples, *sides, blocks=range(20)):
    """The samples, with no request answered by these sides in these blocks."""
    lost = {"response_ms": np.full(60, np.inf)}
    return [replace(one, **lost) if one.side in sides and one.block in blocks else one for one in samples]


def test_blocks_whose_requests_failed_on_both_sides_have_no_ratio():
    found = compare_sides(failing(gate_samples(1.0), *Side, blocks=[0]), LIMITS)
    assert {each.metric: each.blocks for each in found} == {Metric.P50: 9, Metric.P90: 9, Metric.CPU: 10}


def test_a_head_that_answers_nothing_has_regressed():
    found = {each.metric: each for each in compare_sides(failing(gate_samples(1.0), Side.HEAD), LIMITS)}
    assert [found[metric].verdict.value for metric in (Metric.P50, Metric.P90)] == ["REGRESSED"] * 2
    assert found[Metric.P50].ratio.low == math.inf
    assert found[Metric.P50].as_json()["ratio"] == "inf"
    assert found[Metric.CPU].verdict is GateVerdict.UNCHANGED


def test_one_process_without_an_answer_is_one_block_at_the_end_of_the_order_on_either_side():
    for side in Side:
        found = compare_sides(failing(gate_samples(1.0), side, blocks=[0]), LIMITS)
        assert {each.blocks for each in found} == {10}
        assert {each.verdict.value for each in found} == {"UNCHANGED"}


def test_sides_that_both_answer_nothing_are_not_called_unchanged():
    found = compare_sides(failing(gate_samples(1.0), *Side), LIMITS)[0]
    assert (found.verdict.value, found.remark, found.blocks) == ("INCONCLUSIVE", UNANSWERED, 0)
    assert found.as_json()["ratio"] is None
    assert found.blocks_wanted == 0


def test_a_second_stage_confirms_or_does_not():
    first, again, equal = (compare_sides(gate_samples(ratio, seed=seed), LIMITS)[0] for ratio, seed in
                           [(1.1, 1), (1.1, 2), (1.0, 3)])  # fmt: skip
    assert first.after(again).verdict is GateVerdict.REGRESSED
    assert first.after(equal).verdict is GateVerdict.INCONCLUSIVE
    assert NOT_CONFIRMED in first.after(equal).remark
    assert (first.after(None).verdict, first.after(None).remark) == (GateVerdict.INCONCLUSIVE, UNCONFIRMED)


def baseline_of(runs, **given):
    denominators = {"a": "below"}
    arms = baseline_arms([run_log_ratios(run, denominators) for run in runs], denominators)
    values = {"scenario": "s", "scenario_hash": "h", "trace_sha256": "t", "created_utc": "u", "runs": len(runs)}
    environment = {"cpu": {"flags": "avx2", "usable": 2}, "threads": {}, "python": {"version": "3.11.7"}}
    return Baseline(
        **(values | {"blocks": 10, "environment": environment, "arms": arms, "counters": {}, "unsteady": []} | given)
    )


def both_arms(ratio, seed, scatter=0.01):
    """Arm a takes twice `ratio` times what the denominator takes, whatever the machine's speed."""
    speed = np.random.default_rng(seed).uniform(0.5, 2.0)
    only_head = (Side.HEAD,)
    return [
        *gate_samples(2 * ratio * speed, scatter, seed=seed, sides=only_head),
        *gate_samples(speed, scatter, seed=seed + 1000, arm="below", sides=only_head),
    ]


def test_an_arm_that_fails_makes_no_baseline():
    below = [sample for sample in both_arms(1.0, 1) if sample.arm == "below"]
    arm = failing([sample for sample in both_arms(1.0, 1) if sample.arm == "a"], Side.HEAD)
    with pytest.raises(NothingMeasured, match=r"a, single_stream: in 10 of 10 blocks .* of below failed that p50 is"):
        run_log_ratios([*arm, *below], {"a": "below"})


def test_runs_that_do_not_carry_the_same_make_no_baseline():
    whole = {"a": {"single_stream": {"p50": 0.1, "p90": 0.2}}}
    with pytest.raises(NothingMeasured, match="a: not every run of the baseline carries p90 of single_stream"):
        baseline_arms([whole, {"a": {"single_stream": {"p50": 0.1}}}], {"a": "below"})
    kept = baseline_arms([whole, whole], {"a": "below"})["a"]
    assert kept.log_ratios == {"single_stream": {"p50": [0.1, 0.1], "p90": [0.2, 0.2]}}


def test_ratios_of_arms_are_held_against_stored_ones_whatever_the_speed_of_the_machine():
    baseline = baseline_of([both_arms(1.0, seed, 0.002) for seed in range(5)])
    said = {
        ratio: {
            found.metric: found.verdict.value for found in compare_with_baseline(both_arms(ratio, 9), baseline, LIMITS)
        }
        for ratio in (1.0, 1.25, 0.8)
    }
    assert said[1.25][Metric.P50] == "REGRESSED"
    assert said[0.8][Metric.P50] == "IMPROVED"
    assert "REGRESSED" not in said[1.0].values()


def test_an_arm_that_answers_nothing_has_regressed_against_a_baseline_and_a_denominator_that_does_not_tells_nothing():
    baseline = baseline_of([both_arms(1.0, seed, 0.002) for seed in range(5)])
    lost = {"response_ms": np.full(60, np.inf)}
    said = {}
    for arm in ("a", "below"):
        samples = [replace(one, **lost) if one.arm == arm else one for one in both_arms(1.0, 9, 0.002)]
        found = next(iter(compare_with_baseline(samples, baseline, LIMITS)))
        said[arm] = (found.metric.value, found.verdict.value, found.remark)
    assert said == {"a": ("p50", "REGRESSED", ""), "below": ("p50", "INCONCLUSIVE", UNANSWERED)}


def test_a_baseline_whose_runs_scatter_says_so_and_asks_for_no_more_blocks():
    drifting = [both_arms(ratio, seed, 0.002) for seed, ratio in enumerate((0.8, 0.9, 1.0, 1.1, 1.2))]
    found = compare_with_baseline(both_arms(1.0, 9, 0.002), baseline_of(drifting), LIMITS)[0]
    assert found.verdict is GateVerdict.INCONCLUSIVE
    assert found.remark == SCATTERED
    assert not found.more_blocks_may_tell


def test_another_machine_is_told_from_the_one_that_made_a_baseline():
    baseline = baseline_of([both_arms(1.0, seed) for seed in range(3)])
    assert baseline.differences(baseline.environment) == []
    other = baseline.environment | {"cpu": {"flags": "avx2 avx512f", "usable": 4}}
    assert [difference.split(":")[0] for difference in baseline.differences(other)] == ["CPU flags", "usable cores"]
    newer = baseline.environment | {"libraries": {"torch": "2.14"}}
    assert baseline.differences(newer)[0].startswith("libraries")
