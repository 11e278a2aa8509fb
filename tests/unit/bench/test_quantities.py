import math

import pytest

from bench.quantities import count, difference, interval, quantity


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (0.94, "ms", "0.940 ms"),
        (12.34, "ms", "12.3 ms"),
        (999.4, "ms", "999 ms"),
        (1204.0, "ms", "1.20 s"),
        (12345, "/s", "12,300/s"),
        (9.996, "", "10.0"),
        (0.0009996, "", "0.00100"),
        (1.07, "×", "×1.07"),
        (0, "ms", "0 ms"),
        (-3.456, "", "−3.46"),
        (math.inf, "ms", "∞ ms"),
        (-math.inf, "", "−∞"),
        (math.nan, "ms", "–"),
        (None, "ms", "–"),
    ],
)
def test_a_quantity_has_three_significant_digits_and_its_unit(value, unit, written):
    assert quantity(value, unit) == written


def test_rounding_never_costs_more_than_half_a_unit_of_the_third_digit():
    for exponent in range(-6, 7):
        for mantissa in (1.0, 1.005, 1.2345, 5.555, 9.994, 9.996):
            value = mantissa * 10.0**exponent
            assert float(quantity(value).replace(",", "")) == pytest.approx(value, rel=0.005)


def test_an_interval_is_absent_when_a_bound_was_not_measured_and_infinite_when_it_does_not_exist():
    assert interval(11.94, 12.76) == "[11.9, 12.8]"
    assert interval(math.nan, 12.0) == ""
    assert interval(None, None) == ""
    assert interval(11.9, math.inf) == "[11.9, ∞]"


def test_a_difference_shows_its_sign():
    assert [difference(value) for value in (5.1, -0.3, math.nan)] == ["+5.10", "−0.300", "–"]


def test_counts_are_exact():
    assert count(1_234_567) == "1,234,567"
    assert count(math.nan) == "–"
