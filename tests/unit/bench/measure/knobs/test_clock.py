"""What a clock costs counts as much as what it is called."""

import pytest
from planted_machine import plant

from bench.clock import ClockQuality
from bench.measure.knobs import KNOBS
from bench.measure.knobs.clock import describe_clock


@pytest.mark.parametrize(
    ("qualities", "verdict", "state"),
    [
        ([ClockQuality(20, 60.0, True)], "GOOD", "tsc; a reading costs 60 ns, resolves 20 ns"),
        ([ClockQuality(20, 400.0, True)], "IMPROVABLE", "400 ns"),
        ([ClockQuality(20, 4000.0, True)], "BAD", "4000 ns"),
        ([ClockQuality(20, 60.0, True), ClockQuality(20, 50.0, False)], "BAD", "it went back"),
        ([ClockQuality(20, 9000.0, True), ClockQuality(20, 60.0, True)], "GOOD", "60 ns"),
    ],
    ids=["fast", "trapped", "slow", "backwards once", "disturbed once"],
)
def test_it_is_judged_by_its_cheapest_look_and_never_forgiven_for_going_back(
    tmp_path, monkeypatch, qualities, verdict, state
):
    found = iter(qualities * 5)
    monkeypatch.setattr("bench.measure.knobs.clock.check_clock", lambda: next(found))
    report = KNOBS.get("clock").inspect(plant(tmp_path))
    assert report.verdict == verdict
    assert state in report.state
    assert "echo tsc" not in report.advice, "it is read from the best source already"
    assert bool(report.advice) == (verdict != "GOOD")


def test_where_no_faster_source_is_offered_none_is_advised(tmp_path):
    folder = "sys/devices/system/clocksource/clocksource0"
    planted = {f"{folder}/current_clocksource": "hpet", f"{folder}/available_clocksource": "hpet acpi_pm"}
    assert "none faster is offered" in KNOBS.get("clock").inspect(plant(tmp_path, planted)).advice


def test_the_environment_block_has_its_source_or_nothing(tmp_path):
    assert describe_clock(plant(tmp_path))["source"] == "tsc"
    described = describe_clock(tmp_path / "elsewhere")
    assert described["source"] == ""
    assert set(described) == {"name", "resolution_ns", "cost_ns", "monotonic", "source"}
