"""A scenario turned into a soak: its time is the one asked for, whatever the arms and rates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import ConfigError
from bench.measure.slices import cut_slices
from bench.measure.soak import FEWEST_BLOCKS, parse_duration_s, soaked
from bench.scenario import Scenario

ARM = {"encoder": {"kind": "fake"}}


def scenario(soak_s, rates_per_s=(50.0, 20.0), arms=2, **tables):
    loads = [{"kind": "single_stream", "requests": 10}]
    if rates_per_s:
        arrivals = {"kind": "poisson"}
        loads.append({"kind": "server", "requests": 30, "arrivals": arrivals, "rates_per_s": rates_per_s})
    arm = [ARM | {"name": f"a{place}"} for place in range(arms)]
    made = {"name": "s", "question": "?", "data": {"kind": "embedded"}, "load": loads, "arm": arm, "soak_s": soak_s}
    return Scenario.model_validate(made | tables)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30m", 1800), ("90s", 90), ("1h30m", 5400), ("0.5h", 1800), ("2m5s", 125)]
)
def test_durations(text, seconds):
    assert parse_duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "m", "30 m", "-5m", "0s", "1d", "5m!", "٣mx", "nanm"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ConfigError, match="no duration"):
        parse_duration_s(text)


@given(st.floats(120, 40_000), st.integers(1, 6), st.floats(1, 500))
def test_the_arms_serve_for_as_long_as_was_asked(soak_s, arms, rate_per_s):
    made = soaked(scenario(soak_s, (rate_per_s, rate_per_s * 2), arms))
    _, slices = cut_slices(made)
    served_s = sum(len(part) for part in slices) / rate_per_s * arms
    assert len(slices) >= FEWEST_BLOCKS
    lost_s = 2 * len(slices) * arms / rate_per_s  # whole requests a block
    assert soak_s - lost_s <= served_s <= soak_s * 1.001


def test_one_process_serves_all_of_it_at_the_lowest_rate():
    made = soaked(scenario(600.0, blocks={"count": 4, "processes": 4}))
    assert [point.offered_per_s for point in made.load_points()] == [20.0]
    assert made.blocks.processes == 1
    assert made.requests.repeat == "zipf"


def test_a_law_of_repeats_that_was_asked_for_stays():
    assert soaked(scenario(600.0, requests={"repeat": "unique"})).requests.repeat == "unique"


def test_soaking_twice_changes_nothing_more():
    once = soaked(scenario(600.0))
    assert soaked(once) == once


def test_a_scenario_without_a_duration_stays_as_it_is():
    plain = scenario(None)
    assert soaked(plain) is plain
    assert "soak_s" not in plain.model_dump(mode="json"), "older scenarios keep their hash"


def test_without_a_rate_nothing_can_be_held():
    with pytest.raises(ConfigError, match="holds a rate"):
        soaked(scenario(600.0, rates_per_s=()))


def test_too_short_a_time_says_how_long_it_must_be():
    with pytest.raises(ConfigError, match=r"--duration \d+s or more"):
        soaked(scenario(0.2, (1.0,)))
