import math

import numpy as np

from bench.report.figures.tail import step_points


def quantile_at(x, ms, at):
    """The value of steps drawn "post" at one place."""
    return ms[np.searchsorted(x, at, side="right") - 1]


def test_the_steps_are_the_exact_order_statistics():
    values = np.sort(np.random.default_rng(1).exponential(5, 200))
    x, ms = step_points(values)
    for p in (0.5, 0.9, 0.99, 0.993):
        assert quantile_at(x, ms, 1 / (1 - p + 1e-9)) == values[math.ceil(200 * p) - 1]


def test_thinning_keeps_the_tail_whole_and_the_rest_close():
    values = np.sort(np.random.default_rng(2).exponential(5, 100_000))
    x, ms = step_points(values, points=250)
    assert len(x) <= 250
    assert list(ms[-10:]) == list(values[-10:])
    for at in (2, 10, 100, 1_000, 10_000):
        exact = [values[math.ceil(100_000 * (1 - 1 / place)) - 1] for place in (at / 1.06, at * 1.001)]
        assert exact[0] <= quantile_at(x, ms, at) <= exact[1]
    assert np.all(np.diff(x) > 0)
    assert x[-1] == 100_000
