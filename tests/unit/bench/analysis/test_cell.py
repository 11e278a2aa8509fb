"""The cells of a run: which requests are in each, and in which order they come."""

import numpy as np
import pandas as pd
from synthetic_run import make_arm, make_rows, make_run

from bench.analysis.cell import cells

FLAT = np.full(8, 5.0)


def cells_of(*rows):
    requests = pd.concat(rows, ignore_index=True)
    return list(cells(make_run([make_arm(arm) for arm in ("a", "b")], requests), requests))


def interleaved(*rows):
    """The same rows as they are stored: the blocks of the arms in turn."""
    return pd.concat(rows).sort_values("block", kind="stable")


def test_rows_of_a_cell_are_found_wherever_they_stand_and_keep_their_order():
    a, b = make_rows("a", FLAT, row=np.arange(8)), make_rows("b", FLAT, row=np.arange(8))
    for cell in cells_of(interleaved(a, b)):
        assert cell.served["arm"].unique().tolist() == [cell.arm["name"]]
        assert cell.served["row"].tolist() == list(range(8))


def test_a_load_without_a_rate_is_one_cell_and_comes_before_the_rates():
    at_rate = {"load": "server", "load_kind": "server"}
    found = cells_of(
        make_rows("a", FLAT, load="server"),
        make_rows("a", FLAT, **at_rate, offered_per_s=20.0),
        make_rows("a", FLAT, **at_rate, offered_per_s=10.0),
        make_rows("b", FLAT),
    )
    rates = [(cell.arm["name"], cell.load, cell.offered_per_s) for cell in found]
    assert [key for key in rates if not np.isnan(key[2])] == [("a", "server", 10.0), ("a", "server", 20.0)]
    assert [key[:2] for key in rates] == [("a", "server")] * 3 + [("b", "single_stream")]


def test_only_counted_rows_count_and_values_are_nested_by_process_and_block():
    rows = make_rows("a", np.arange(8.0), counted=np.arange(8) % 2 == 1, process=np.repeat([0, 1], 4))
    (cell,) = cells_of(rows)
    assert (len(cell.served), len(cell.rows)) == (8, 4)
    nested = cell.nested(cell.response_ms)
    assert [[block.tolist() for block in process] for process in nested] == [[[1.0], [3.0]], [[5.0], [7.0]]]


def test_categoricals_make_the_same_cells_as_words():
    rows = interleaved(make_rows("b", FLAT), make_rows("a", FLAT), make_rows("a", FLAT, request_kind="feedback"))
    words = cells_of(rows)
    numbers = cells_of(rows.astype(dict.fromkeys(("arm", "load", "load_kind", "request_kind", "outcome"), "category")))
    for one, other in zip(words, numbers, strict=True):
        assert (one.arm, one.load_kind, one.request_kind) == (other.arm, other.load_kind, other.request_kind)
        assert one.served.places.tolist() == other.served.places.tolist()
        assert (one.response_ms == other.response_ms).all()
