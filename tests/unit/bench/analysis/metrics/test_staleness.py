"""Staleness of updates, on response times that were planted; that updates are seen in their order is in serving/."""

import numpy as np
import pandas as pd
import pytest
from synthetic_run import make_arm, make_rows, make_run

from bench.analysis.summary import summarise


def staleness_of(*parts, **changes):
    rows = pd.concat(parts, ignore_index=True)
    summary = summarise(make_run([make_arm("a")], rows, **changes), rows)
    return dict(zip(summary["request_kind"], summary["staleness_p50_ms"], strict=True))


def updates(kind="feedback", response_ms=None, **changes):
    response_ms = np.arange(1.0, 102.0) if response_ms is None else response_ms
    return make_rows("a", response_ms, request_kind=kind, **changes)


def test_it_is_the_median_from_the_intended_time_and_lists_have_none():
    found = staleness_of(updates(), updates("ingest", np.full(40, 7.0), queue_ms=3.0), updates("recommend"))
    assert found["feedback"] == 51.0
    assert found["ingest"] == 7.0, "the queue is part of it"
    assert np.isnan(found["recommend"])


def test_an_update_that_failed_is_never_seen():
    outcome = np.where(np.arange(101) < 60, "failed", "answered")
    assert staleness_of(updates(outcome=outcome))["feedback"] == np.inf


@pytest.mark.parametrize(("n", "owed"), [(5, False), (6, True)])
def test_few_updates_owe_no_median(n, owed):
    assert np.isnan(staleness_of(updates(response_ms=np.full(n, 2.0)))["feedback"]) != owed


def test_offline_it_would_only_say_how_long_the_pile_was():
    assert np.isnan(staleness_of(updates(load="offline", load_kind="offline"))["feedback"])
