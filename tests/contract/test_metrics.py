"""What every metric promises: each column of summary.csv is documented once, in one file."""

import pytest

from bench.analysis.metrics import METRICS
from bench.analysis.summary import IDENTITY, metric_columns

UNITS = {"_ms": "ms", "_s_per_1k": "s", "_mb": "MB", "_per_s": "1/s", "_us": "µs", "load_s": "s"}
"""End of a column's name → its unit: units stand in names."""


@pytest.fixture(params=METRICS.kinds())
def kind(request):
    return request.param


def test_its_kind_is_the_name_of_its_file(kind):
    metric = METRICS.get(kind)
    assert metric.__module__ == f"{METRICS.package}.{kind}"
    assert len(METRICS.entry(kind).summary) > 20
    assert (metric.__doc__ or "").strip()


def test_every_column_says_what_it_means(kind):
    for name, column in METRICS.get(kind).COLUMNS.items():
        assert len(column.meaning) > 10, name
        assert column.better in ("lower", "higher", "")
        for end, unit in UNITS.items():
            if name.endswith(end):
                assert column.unit == unit, name


def test_no_column_is_measured_twice_and_the_places_are_all_different():
    metrics = [METRICS.get(kind) for kind in METRICS.kinds()]
    names = [name for metric in metrics for name in metric.COLUMNS]
    assert len(names) == len(set(names))
    assert not set(names) & set(IDENTITY)
    assert len({metric.ORDER for metric in metrics}) == len(metrics)
    assert sorted(metric_columns()) == sorted(names)
