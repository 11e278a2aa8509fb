from dataclasses import replace

from gate_samples import gate_samples

from bench.analysis.gate.limits import Limits
from bench.analysis.gate.rule import GateVerdict
from bench.analysis.gate.samples import Metric
from bench.analysis.gate.simulation import Design, simulated_rates

LIMITS = Limits({Metric.P50: 1.05, Metric.P90: 1.05, Metric.CPU: 1.05, Metric.P99: 1.15})


def rates(scatter, gates=300):
    found = simulated_rates(gate_samples(scatter=scatter, blocks=20), LIMITS, Design(10, 20), gates, seed=1)
    return {each.metric: each.shares for each in found}


def test_equals_are_never_called_slower_and_ten_per_cent_always_on_a_machine_with_three_per_cent_of_scatter():
    p50 = rates(scatter=0.03)[Metric.P50]
    assert p50[1.0][GateVerdict.REGRESSED] <= 0.01
    assert p50[1.10][GateVerdict.REGRESSED] >= 0.95


def test_what_scatters_more_is_told_less_often_and_never_wrongly():
    noisy = rates(scatter=0.25)[Metric.P50]
    assert noisy[1.10][GateVerdict.REGRESSED] < 0.5
    assert noisy[1.0][GateVerdict.REGRESSED] <= 0.02
    assert all(abs(sum(shares.values()) - 1) < 1e-9 for shares in noisy.values())


def test_an_arm_that_was_confirmed_is_simulated_from_both_stages():
    first = gate_samples(scatter=0.01, blocks=10)
    confirming = [replace(one, stage=1) for one in gate_samples(scatter=0.25, blocks=10, seed=4)]
    one, both = (
        simulated_rates(samples, LIMITS, Design(10, 20), 100, seed=1) for samples in (first, [*first, *confirming])
    )
    assert [each.metric for each in both] == [Metric.P50, Metric.P90, Metric.CPU]
    assert one[0].shares[1.0] != both[0].shares[1.0]


def test_the_same_samples_and_seed_give_the_same_rates():
    assert rates(0.03, gates=40) == rates(0.03, gates=40)
