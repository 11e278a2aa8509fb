"""[prices] of a scenario."""

import pytest
from mini_scenario import scenario_text, write_scenario

from bench.errors import ConfigError
from bench.scenario_file import read_scenario


def read(folder, prices):
    return read_scenario(write_scenario(folder, scenario_text() + prices)).scenario


def test_each_price_may_be_left_out(tmp_path):
    assert read(tmp_path, "").prices is None
    prices = read(tmp_path, "\n[prices]\ngpu_hour = 2.5\n").prices
    assert (prices.cpu_core_hour, prices.gpu_hour) == (None, 2.5)
    assert read(tmp_path, "\n[prices]\n").hash != read(tmp_path, "\n[prices]\ncpu_core_hour = 0.03\n").hash


@pytest.mark.parametrize(
    ("prices", "said"),
    [
        ("cpu_core_hour = 0", "greater than 0"),
        ('gpu_hour = "cheap"', "number"),
        ("gpu_hours = 2", 'did you mean "gpu_hour"'),
    ],
)
def test_what_is_no_price_is_refused(tmp_path, prices, said):
    with pytest.raises(ConfigError, match=said):
        read(tmp_path, f"\n[prices]\n{prices}\n")
