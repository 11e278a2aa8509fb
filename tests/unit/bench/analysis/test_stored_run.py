"""A stored run is held as numbers and Arrow lists; what is said of it is what its plain words say."""

from dataclasses import replace

import pandas as pd
import pytest
from stored_run import Size, store_run

from bench.analysis.conclude import TABLES, conclude, write_statements
from bench.report import write_report
from bench.store import load_run

SMALL = Size(server=400, single=60, blocks=4, users=30, items=40, quality=True)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    return load_run(store_run(tmp_path_factory.mktemp("run"), SMALL))


def in_words(frame):
    """The frame with Python strings where it holds categoricals."""
    return frame.astype({name: object for name in frame.columns[frame.dtypes == "category"]})


def test_categoricals_say_what_words_say(stored):
    numbers = conclude(stored)
    words = conclude(replace(stored, requests=in_words(stored.requests), floors=in_words(stored.floors)))
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(numbers, name), getattr(words, name), check_exact=True)
    assert (numbers.answer, numbers.verdict, numbers.findings) == (words.answer, words.verdict, words.findings)


def test_everything_stored_of_a_request_is_used(stored):
    row = conclude(stored).summary.set_index(["arm", "load", "request_kind"]).loc[("model", "server", "recommend")]
    owed = ["p99_ms", "service_p99_ms", "lateness_p50_us", "recall_at_k", "coverage", "diversity", "novelty"]
    assert row[owed].notna().all()
    assert row["coverage"] == 1.0, "12,000 draws of 40 items"


def test_no_column_is_a_heap_of_python_objects(stored):
    objects = {name for name, dtype in stored.requests.dtypes.items() if str(dtype) == "object"}
    assert objects == {"cache_hit"}, "its three values are shared"
    assert stored.requests["user"].cat.categories.is_monotonic_increasing


def test_its_report_can_be_made(stored):
    statements = conclude(stored)
    write_statements(statements, stored.folder)
    page = write_report(statements, stored.folder)
    assert "MODEL" in page.read_text(encoding="utf-8")
    assert {"tail.svg", "waterfall.png"} <= {path.name for path in (stored.folder / "figures").iterdir()}
