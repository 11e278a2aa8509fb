"""Diurnal arrivals follow their curve: with time run by the curve they are a Poisson process of rate 1."""

import numpy as np
import pytest
from arrival_draws import NS_PER_S, assert_uniform, build, draw
from scipy.interpolate import make_interp_spline
from scipy.stats import chisquare, kstest

from bench.traffic.arrivals.diurnal import DAY
from recsys.errors import BadOptions

SEEDS = range(200)
PERIOD_S = 20.0
LEVELS = [1.0, 0.0, 0.0, 5.0, 2.0]
RATE_PER_S = 40.0
CURVE = {"period_s": PERIOD_S, "levels": LEVELS}


def integral(points, period_s, rate_per_s):
    """Arrivals to be expected up to a time, over any number of periods, by SciPy's splines of degree 1."""
    knots_s = np.linspace(0, period_s, len(points) + 1)
    heights = np.array([*points, points[0]]) * rate_per_s / np.mean(points)
    within = make_interp_spline(knots_s, heights, k=1).antiderivative()
    return lambda time_s: np.floor(time_s / period_s) * rate_per_s * period_s + within(time_s % period_s)


def rescaled_gaps(times_ns, start_s, expected):
    """Gaps of the process in the time in which one arrival is expected a unit."""
    times_s = start_s + times_ns / NS_PER_S
    return np.diff(expected(times_s), prepend=expected(start_s))


@pytest.mark.parametrize("start_s", [0.0, 13.0])
def test_with_time_run_by_the_curve_gaps_are_exponential(start_s):
    expected = integral(LEVELS, PERIOD_S, RATE_PER_S)
    pvalues = []
    for seed in SEEDS:
        times_ns = draw("diurnal", 1000, RATE_PER_S, seed=seed, start_s=start_s, **CURVE)
        pvalues.append(kstest(rescaled_gaps(times_ns, start_s, expected), "expon").pvalue)
    assert_uniform(pvalues)


def test_another_curve_would_be_caught():
    expected = integral(LEVELS[::-1], PERIOD_S, RATE_PER_S)
    gaps = rescaled_gaps(draw("diurnal", 1000, RATE_PER_S, **CURVE), 0.0, expected)
    assert kstest(gaps, "expon").pvalue < 1e-9


def test_arrivals_stand_where_the_curve_is_high():
    n_periods, parts = 100, 24
    times_s = draw("diurnal", round(n_periods * RATE_PER_S * PERIOD_S), RATE_PER_S, **CURVE) / NS_PER_S
    whole = times_s[times_s < 90 * PERIOD_S]
    counts = np.histogram(whole % PERIOD_S, parts, (0, PERIOD_S))[0]
    expected = np.diff(integral(LEVELS, PERIOD_S, 1.0)(np.linspace(0, PERIOD_S * (1 - 1e-12), parts + 1)))
    empty = expected == 0
    assert empty.any()
    assert not counts[empty].any(), "a pause has no arrivals"
    shares = expected[~empty] / expected.sum()
    assert chisquare(counts[~empty], shares * counts.sum()).pvalue > 1e-3
    assert len(whole) / (90 * PERIOD_S) == pytest.approx(RATE_PER_S, rel=4 / np.sqrt(len(whole)))


def test_a_constant_curve_is_poisson_exactly():
    flat = draw("diurnal", 500, RATE_PER_S, period_s=7.0, levels=[3.0, 3.0])
    assert flat == pytest.approx(draw("poisson", 500, RATE_PER_S), abs=2)


def test_blocks_go_on_through_the_day():
    """Half of a period's arrivals came before: the block starts at the moment by which half of them are expected."""
    expected = integral(LEVELS, PERIOD_S, RATE_PER_S)
    before = round(RATE_PER_S * PERIOD_S / 2)
    moments_s = np.linspace(0, PERIOD_S, 2_000_001)[:-1]
    start_s = moments_s[np.searchsorted(expected(moments_s), before)]
    pvalues = []
    for seed in SEEDS:
        times_ns = draw("diurnal", 300, RATE_PER_S, seed=seed, before=before, **CURVE)
        pvalues.append(kstest(rescaled_gaps(times_ns, start_s, expected), "expon").pvalue)
    assert_uniform(pvalues)
    whole_periods = before + 3 * round(RATE_PER_S * PERIOD_S)
    block, days_later = (draw("diurnal", 300, RATE_PER_S, before=count, **CURVE) for count in (before, whole_periods))
    assert days_later == pytest.approx(block, abs=2)


def test_levels_keep_their_period_and_rates_scale_it():
    points = [2.0, 6.0, 4.0]
    day = {"period_s": 30.0, "start_s": 6.0}
    process = build("diurnal", rates_per_s=points, **day)
    assert (process.has_natural_rate, process.natural_rate_per_s(())) == (True, 4.0)
    natural = draw("diurnal", 500, 4.0, rates_per_s=points, **day)
    assert draw("diurnal", 500, 8.0, rates_per_s=points, **day) * 2 == pytest.approx(natural, abs=2)
    assert draw("diurnal", 500, 4.0, levels=points, **day).tolist() == natural.tolist()
    faster = draw("diurnal", 500, 8.0, levels=points, **day)
    assert faster * 2 != pytest.approx(natural, rel=0.05), "twice the requests in the same period"


def test_the_default_day_peaks_at_twice_its_mean():
    assert (len(DAY), max(DAY)) == (24, 2.0)
    assert np.mean(DAY) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, ["period_s", "required"]),
        ({"period_s": 0}, ["period_s", "greater than 0"]),
        ({"period_s": 5, "start_s": 5}, ["start_s", "less than period_s (5)"]),
        ({"period_s": 5, "levels": [0, 0]}, ["levels", "above 0"]),
        ({"period_s": 5, "levels": [1]}, ["levels", "at least 2"]),
        ({"period_s": 5, "levels": [1, -1]}, ["levels.1", "greater than or equal to 0"]),
        ({"period_s": 5, "rates_per_s": [1, float("inf")]}, ["rates_per_s.1", "finite"]),
        ({"period_s": 5, "levels": [0, 1], "rates_per_s": [1, 2]}, ["rates_per_s", "remove one of them"]),
    ],
)
def test_options_that_are_wrong_are_named(options, words):
    with pytest.raises(BadOptions) as error:
        build("diurnal", **options)
    assert all(word in str(error.value) for word in ['arrivals "diurnal"', *words])
