"""Lateness of the inbox, on delays that were planted."""

import numpy as np
import pytest
from synthetic_run import make_arm, make_rows, make_run

from bench.analysis.summary import summarise

COLUMNS = ["lateness_p50_us", "lateness_p99_us"]


def lateness_of(n, **changes):
    rows = make_rows("a", np.full(n, 5.0), **changes)
    return summarise(make_run([make_arm("a")], rows), rows).iloc[0][COLUMNS].tolist()


def test_percentiles_are_order_statistics_in_microseconds():
    late_ns = np.random.default_rng(1).permutation(np.arange(1, 1001)) * 1000.0
    assert lateness_of(1000, lateness_ns=late_ns) == [500.0, 990.0]


def test_requests_that_found_the_system_busy_have_none():
    late_ns = np.where(np.arange(1000) % 2, np.nan, 7_000.0)
    assert lateness_of(1000, lateness_ns=late_ns) == [7.0, 7.0]


@pytest.mark.parametrize(
    ("waited_for", "owed"), [(0, [False, False]), (5, [False, False]), (367, [True, False]), (368, [True, True])]
)
def test_too_few_requests_owe_no_percentile(waited_for, owed):
    found = lateness_of(400, lateness_ns=np.where(np.arange(400) < waited_for, 1_000.0, np.nan))
    assert [not np.isnan(value) for value in found] == owed


def test_settling_requests_do_not_count():
    settling = np.arange(1000) < 200
    assert lateness_of(1000, lateness_ns=np.where(settling, 9e6, 3_000.0), counted=~settling) == [3.0, 3.0]


def test_a_run_stored_without_lateness_has_empty_columns():
    assert np.isnan(lateness_of(1000)).all()
