"""A load without a rate runs at the rate that its arrivals have by themselves; every other is told what is missing."""

import pytest
from arrival_draws import write_recording
from mini_scenario import scenario_text, write_scenario

from bench.errors import ConfigError
from bench.scenario_file import Overrides, read_scenario
from bench.traffic.rates import resolve_rates

SERVER = """\
[[load]]
kind = "server"
requests = 20
"""
MMPP = 'arrivals = { kind = "mmpp", rates_per_s = [20, 80], mean_s = [1.0, 0.5] }\n'
TRACE = 'arrivals = { kind = "trace", path = "arrivals.csv" }\n'


def scenario(folder, load, *overrides):
    return read_scenario(write_scenario(folder, scenario_text(load=load)), Overrides(overrides)).scenario


def rates(resolved):
    return [(load.rates_per_s, load.time_scale) for load in resolved.load]


def test_a_natural_rate_is_taken_and_the_rest_stays(tmp_path):
    asked = scenario(tmp_path, SERVER + MMPP)
    resolved = resolve_rates(asked, [])
    assert rates(resolved) == [((40.0,), 1.0)]
    assert [point.offered_per_s for point in resolved.load_points()] == [40.0]
    assert asked.load[0].rates_per_s == ()
    assert resolved.model_copy(update={"load": asked.load}) == asked
    assert resolve_rates(resolved, []) == resolved


def test_time_scale_is_how_many_times_as_fast(tmp_path):
    assert rates(resolve_rates(scenario(tmp_path, SERVER + MMPP + "time_scale = 2.5\n"), [])) == [((100.0,), 1.0)]


def test_rates_that_are_named_stay(tmp_path):
    load = SERVER + MMPP + "rates_per_s = [5, 10]\n" + '[[load]]\nkind = "single_stream"\nrequests = 5\n'
    asked = scenario(tmp_path, load)
    assert resolve_rates(asked, []) == asked


def test_a_recording_is_looked_up_and_its_rate_has_six_digits(tmp_path):
    write_recording(tmp_path, [0, 1, 1, 3])
    asked = scenario(tmp_path, SERVER + TRACE)
    assert rates(resolve_rates(asked, [tmp_path / "elsewhere", tmp_path])) == [((1.0,), 1.0)]
    write_recording(tmp_path, [0, 1, 7])
    assert rates(resolve_rates(asked, [tmp_path])) == [((0.285714,), 1.0)]
    with_scale = scenario(tmp_path, SERVER + TRACE, "load.0.time_scale=3")
    assert rates(resolve_rates(with_scale, [tmp_path])) == [((0.857142,), 1.0)]


def test_a_scenario_that_was_made_without_a_file_is_told_too(tmp_path):
    asked = scenario(tmp_path, SERVER + MMPP)
    poisson = asked.load[0].arrivals.__class__(kind="poisson")
    bare = asked.model_copy(update={"load": (asked.load[0].model_copy(update={"arrivals": poisson}),)})
    with pytest.raises(ConfigError, match=r'load server: rates_per_s is missing.*"poisson" have no rate.*Next:'):
        resolve_rates(bare, [])


@pytest.mark.parametrize(
    ("load", "words"),
    [
        (SERVER + 'arrivals = { kind = "poisson" }\n', ["rates_per_s is missing", '"poisson"', "Next:"]),
        (SERVER + 'arrivals = { kind = "poisson" }\ntime_scale = 2\n', ["rates_per_s is missing", '"poisson"']),
        (SERVER + 'arrivals = { kind = "diurnal", period_s = 60 }\n', ["rates_per_s is missing", '"diurnal"']),
        (SERVER + MMPP + "rates_per_s = [5]\ntime_scale = 2\n", ["rates_per_s", "time_scale", "remove one"]),
        (SERVER + MMPP + "time_scale = 0\n", ["time_scale", "greater than 0"]),
        (SERVER + 'arrivals = { kind = "gamma" }\nrates_per_s = [5]\n', ['arrivals "gamma"', "cv", "required"]),
        (SERVER + 'arrivals = { kind = "mmpp" }\n', ['arrivals "mmpp"', "rates_per_s", "required"]),
        ('[[load]]\nkind = "single_stream"\nrequests = 5\ntime_scale = 2\n', ["time_scale has no meaning"]),
    ],
)
def test_a_rate_that_is_missing_or_given_twice_is_refused_when_the_file_is_read(tmp_path, load, words):
    with pytest.raises(ConfigError) as error:
        scenario(tmp_path, load)
    assert all(word in str(error.value) for word in ["mini.toml", *words])
