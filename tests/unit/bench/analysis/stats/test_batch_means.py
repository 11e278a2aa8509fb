"""The mean behind a queue: bounds that are carried back from the reciprocal."""

import numpy as np
import pytest
from scipy import stats

from bench.analysis.stats.batch_means import mean_response_interval
from bench.analysis.stats.samples import TooFewSamples


def test_bounds_by_hand():
    """Batch means 1 … 6: mean 3.5, standard error √(3.5 / 6), t = 2.571 with 5 degrees of freedom."""
    reach = stats.t.ppf(0.975, 5) * np.sqrt(3.5 / 6) / 3.5
    found = mean_response_interval(np.repeat(np.arange(1.0, 7.0), 10))
    assert found.point == pytest.approx(3.5)
    assert found.low == pytest.approx(3.5 / (1 + reach))
    assert found.high == pytest.approx(3.5 / (1 - reach))
    assert 1 / found.low - 1 / 3.5 == pytest.approx(1 / 3.5 - 1 / found.high), "even in the reciprocal"


def test_equal_batches_leave_no_doubt():
    found = mean_response_interval(np.full(60, 5.0))
    assert (found.low, found.point, found.high) == (5.0, 5.0, 5.0)


def test_where_the_reach_is_the_mean_itself_nothing_bounds_it_from_above():
    assert mean_response_interval([1, 1, 1, 1, 1, 100.0]).high == np.inf


def test_it_covers_the_mean_of_skewed_values():
    rng = np.random.default_rng(1)
    covered = [mean_response_interval(rng.exponential(2.0, 120)).contains(2.0) for _ in range(1_000)]
    assert 0.93 <= np.mean(covered) <= 0.98


@pytest.mark.parametrize(
    ("values", "error"), [([1.0] * 5, TooFewSamples), ([0.0] * 12, ValueError), ([np.inf] * 12, ValueError)]
)
def test_what_has_no_mean_is_refused(values, error):
    with pytest.raises(error):
        mean_response_interval(values)


def test_one_batch_is_refused():
    with pytest.raises(ValueError, match="batches"):
        mean_response_interval([1.0, 2.0], batches=1)
