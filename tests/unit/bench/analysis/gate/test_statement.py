from bench.analysis.gate.comparison import Comparison
from bench.analysis.gate.counters import CounterChange
from bench.analysis.gate.rule import GateVerdict
from bench.analysis.gate.samples import Metric
from bench.analysis.gate.statement import GateResult
from bench.analysis.stats.samples import Interval


def result(*comparisons, counters=(), **given):
    return GateResult("s", ("one", "other"), "gate s", {"a": "Arm A"}, comparisons, counters, **given)


def compared(metric=Metric.P50, verdict=GateVerdict.UNCHANGED):
    return Comparison("a", "single_stream", metric, Interval(0.99, 1.0, 1.01), 1.05, 10, verdict)


def test_a_gate_that_compared_nothing_is_no_success():
    for nothing in (result(), result(compared(Metric.P99))):
        assert (nothing.word, nothing.exit_code(strict=False)) == ("FAILED", 4)
    told = result(absent={"a": "no server"}).sentence
    assert told.startswith("FAILED: no arm could be compared (Arm A: no server). Next: ")
    assert result(compared()).exit_code(strict=True) == 0


def test_an_arm_that_fails_on_both_sides_is_told_with_the_verdict_and_fails_a_strict_gate():
    found = result(compared(), absent={"b": "NameError: name 'x' is not defined"})
    assert found.sentence == (
        "UNCHANGED: of 1 comparisons 1 unchanged. Not measured, so not judged: b: NameError: name 'x' is not defined."
    )
    assert [found.exit_code(strict=strict) for strict in (False, True)] == [0, 4]
    noisy = result(compared(), absent={"b": "no server"}, contaminated=("stolen",))
    assert "Not measured, so not judged: b: no server." in noisy.sentence
    assert [noisy.exit_code(strict=strict) for strict in (False, True)] == [3, 4]
    more = result(compared(), absent={"b": "gone"}, counters=(CounterChange("a", "single_stream", "tokens", 1, 2),))
    assert more.exit_code(strict=True) == 1, "a regression is a regression"


def test_counted_work_is_judged_where_nothing_could_be_timed():
    more = result(counters=(CounterChange("a", "single_stream", "tokens", 1, 2),))
    assert (more.word, more.exit_code(strict=False)) == ("REGRESSED", 1)
