import io
import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from report_statements import build_statements
from rich.console import Console

from bench.report import terminal_table
from bench.report.arm_tables import load_table, main_table, tax_table
from bench.report.cells import difference_cell, mark_best, percentile_cell, value_cell
from bench.report.quality_table import quality_table
from bench.report.slo import meets_slo
from bench.report.summary_points import chips, warnings
from bench.report.tables import Cell, Column, Row, Table, escape_markdown, to_markdown


def cell_of(table, name, key):
    place = [column.key for column in table.columns].index(key)
    return next(row for row in table.rows if row.name == name).cells[place]


def test_a_percentile_cell_holds_the_value_with_its_interval():
    row = {"saturated": False, "p99_ms": 12.34, "p99_low_ms": 11.94, "p99_high_ms": 12.76}
    assert percentile_cell(row, "p99").line == "12.3 [11.9, 12.8]"


def test_a_percentile_that_is_not_owed_is_a_dash_that_says_why():
    cell = percentile_cell({"saturated": False, "p99_ms": math.nan}, "p99")
    assert cell.line == "–"
    assert "too few requests" in cell.note


def test_a_saturated_cell_never_prints_a_number():
    row = {"saturated": np.True_, "p99_ms": 12.3, "p99_low_ms": 1.0, "p99_high_ms": 2.0}
    assert percentile_cell(row, "p99").line == "saturated"
    tax = {"saturated": True, "delta_p99_ms": 12.3}
    assert difference_cell(tax, "p99", "ms").line == "saturated"


def test_an_infinite_percentile_says_that_requests_went_unanswered():
    cell = percentile_cell({"saturated": False, "p99_ms": math.inf, "p99_low_ms": 3, "p99_high_ms": math.inf}, "p99")
    assert cell.line == "∞ [3.00, ∞]"
    assert "unanswered" in cell.note


def test_each_difference_is_resolvable_by_its_own_interval():
    row = {"delta_p50_ms": 0.1, "delta_p50_low_ms": -0.1, "delta_p50_high_ms": 0.3, "resolvable": False}
    row |= {"delta_p99_ms": 4.0, "delta_p99_low_ms": 2.0, "delta_p99_high_ms": 6.0}
    assert difference_cell(row, "p50", "ms").line == "not resolvable [−0.100, 0.300] from ±0.200"
    assert difference_cell(row, "p99", "ms").line == "+4.00 [2.00, 6.00]"


def test_a_difference_that_holds_over_blocks_must_hold_over_restarts_too():
    row = {"delta_p50_ms": 2.0, "delta_p50_low_ms": 1.0, "delta_p50_high_ms": 3.0}
    assert difference_cell(row, "p50", "ms").line == "+2.00 [1.00, 3.00]"
    row |= {"delta_p50_restarts_low_ms": -7.0, "delta_p50_restarts_high_ms": 11.0}
    assert difference_cell(row, "p50", "ms").line == "not resolvable [1.00, 3.00] from ±9.00"


def test_a_difference_without_bounds_is_printed_with_a_note():
    row = {"delta_p99_ms": 4.0, "delta_p99_low_ms": -math.inf, "delta_p99_high_ms": math.inf}
    cell = difference_cell(row, "p99", "ms")
    assert cell.line == "+4.00 [−∞, ∞]"
    assert "not bounded" in cell.note


SHARED = {"load": "server", "load_kind": "server", "offered_per_s": 20.0, "request_kind": "recommend"}


def with_reference_at_20(statements, **values):
    """The statements with these values in the reference's summary row at the rate that the arms share."""
    summary = statements.summary.copy()
    here = (summary[list(SHARED)] == pd.Series(SHARED)).all(axis=1) & (summary["arm"] == "minilm-fp32")
    assert here.sum() == 1
    summary.loc[here, list(values)] = list(values.values())
    return replace(statements, summary=summary)


def slo_said(statements):
    """The chip on the SLO, and the reference's cell in the table of load points."""
    chip = next(chip for chip in chips(statements) if chip.text.startswith("p99"))
    table = load_table(statements)
    keys = [column.key for column in table.columns]
    rows = [row.cells for row in table.rows if row.name == "MiniLM fp32"]
    here = next(row for row in rows if row[0].text == "server at 20/s" and row[1].text == "recommend")
    return chip, here[keys.index("slo")]


@pytest.mark.parametrize(
    ("values", "chip", "tone", "cell"),
    [
        ({"p99_ms": 99.0, "within_slo": 0.992}, "6 of 6 arms, server at 20/s", "good", ("99.2 %", "")),
        ({"p99_ms": 100.1, "within_slo": 0.5}, "5 of 6 arms, server at 20/s", "warn", ("50.0 %", "bad")),
        ({"p99_ms": math.inf, "within_slo": 0.9}, "5 of 6 arms, server at 20/s", "warn", ("90.0 %", "bad")),
        ({"p99_ms": 99.0, "within_slo": 0.9997}, "6 of 6 arms, server at 20/s", "good", ("99.9 %", "")),
    ],
)  # fmt: skip
def test_an_arm_meets_the_slo_by_its_p99_and_not_by_having_a_share(values, chip, tone, cell):
    said, share = slo_said(with_reference_at_20(build_statements(6), **values))
    assert (said.text, said.tone) == (f"p99 ≤ 100 ms: {chip}", tone)
    assert (share.text, share.tone) == cell


def test_without_a_p99_there_are_too_few_requests_to_tell_whether_an_arm_meets_the_slo():
    statements = build_statements(6)
    summary = statements.summary.copy()
    summary.loc[summary["arm"] == "minilm-fp32", ["p99_ms", "within_slo"]] = [math.nan, 1.0]
    said, share = slo_said(replace(statements, summary=summary))
    assert said.text.endswith(", too few requests to tell for 1")
    assert said.tone == "warn"
    assert (share.text, share.tone) == ("100 %", "quiet")
    assert "too few requests" in share.note
    chip, _ = slo_said(replace(statements, summary=summary.assign(p99_ms=math.nan, saturated=False)))
    assert (chip.text, chip.tone) == ("p99 ≤ 100 ms: too few requests to tell", "warn")


def test_a_saturated_arm_does_not_meet_the_slo():
    assert meets_slo({"saturated": True, "p99_ms": 1.0}, 100.0) is False


def test_requests_without_an_answer_are_named_by_cause_and_not_summed_beside_it():
    values = {"failed": 2, "timed_out": 3, "refused": 4, "dropped": 9}
    table = load_table(with_reference_at_20(build_statements(6), **values))
    place = [column.key for column in table.columns].index("unanswered")
    assert "2 failed, 3 timed out, 4 refused" in {row.cells[place].text for row in table.rows}


def test_a_warning_of_the_data_is_shown_once():
    assert warnings(build_statements(2)) == ("3 of 620 items have no title",)


def test_bold_goes_to_the_best_and_to_what_its_interval_does_not_tell_apart():
    cells = [Cell("1", bounds=(0.8, 1.0, 1.2)), Cell("1.1", bounds=(1.0, 1.1, 1.3)), Cell("2", bounds=(1.9, 2, 2.1))]
    assert [cell.tone for cell in mark_best(cells, -1)] == ["best", "best", ""]
    assert [cell.tone for cell in mark_best(cells, +1)] == ["", "", "best"]
    bare = [value_cell({"x": 1.0}, "x"), value_cell({"x": 2.0}, "x"), Cell()]
    assert [cell.tone for cell in mark_best(bare, -1)] == ["best", "", ""]


def test_the_main_table_has_a_row_an_arm_and_says_why_one_was_skipped():
    table = main_table(build_statements(6))
    assert len(table.rows) == 7
    assert table.rows[-1].message == "skipped: this machine has no device cuda:0"
    assert cell_of(table, "TF-IDF", "delta_p50").text == "baseline"
    assert all(column.unit for column in table.columns if column.key not in ("recall", "ndcg", "fidelity"))


def test_the_main_table_agrees_with_the_summary():
    statements = build_statements(6)
    summary = statements.summary
    row = summary[(summary["arm"] == "minilm-int8") & (summary["load"] == "single_stream")].iloc[0]
    assert float(cell_of(main_table(statements), "MiniLM int8", "p99_alone").text) == pytest.approx(
        row["p99_ms"], rel=0.005
    )


def test_the_shared_rate_is_the_highest_that_every_arm_sustains():
    heads = {column.group for column in main_table(build_statements(7)).columns}
    assert "Server at 10/s" in heads
    assert "Server at 20/s" in {column.group for column in main_table(build_statements(6)).columns}


def test_saturated_load_points_print_the_word_in_every_latency_cell():
    statements = build_statements(7)
    table = load_table(statements)
    keys = [column.key for column in table.columns]
    cells = [row.cells for row in table.rows if row.name.startswith("BERT") and row.cells[0].text == "server at 20/s"]
    assert len(cells) == 2
    for key in ("p50", "p90", "p95", "p99", "p999", "max", "service"):
        assert {row[keys.index(key)].text for row in cells} == {"saturated"}


def test_random_weights_have_latency_but_no_quality():
    table = quality_table(build_statements(7))
    assert cell_of(table, "BERT-base (random weights)", "recall").text == "–"
    assert "random weights" in cell_of(table, "BERT-base (random weights)", "under").text


def test_an_arm_under_a_floor_is_marked_with_the_floors_name():
    table = quality_table(build_statements(6))
    assert cell_of(table, "Word table", "under").text == "under Recent popularity, TF-IDF floor (intervals overlap)"
    assert [row.name for row in table.rows[-4:]] == ["Random", "Popularity", "Recent popularity", "TF-IDF floor"]


def test_the_tax_table_leaves_the_baseline_out():
    table = tax_table(build_statements(6))
    assert "TF-IDF" not in {row.name for row in table.rows}
    assert len(table.rows) == 2 * 5


def test_a_run_with_one_arm_has_tables_too():
    statements = build_statements(1)
    assert len(main_table(statements).rows) == 2
    assert tax_table(statements).rows == ()


@pytest.mark.parametrize("text", ["a|b", "<script>", "[x](javascript:1)", "*bold*", "two\nlines", "`code`", "a\\|b"])
def test_free_text_stays_text_in_markdown(text):
    table = Table("c", "Arm", (Column("x", "X"),), (Row(text, (Cell("1"),)),))
    line = to_markdown(table).splitlines()[-1]
    bare = line.replace("\\\\", "").replace("\\|", "")
    assert bare.count("|") == 3
    assert "<script>" not in line
    assert re.search(r"(?<!\\)\]\(", line) is None


def test_intervals_are_not_escaped():
    assert escape_markdown("12.3 [11.9, 12.8]") == "12.3 [11.9, 12.8]"


@pytest.mark.parametrize("width", [80, 100, 160])
def test_the_terminal_cuts_no_number_and_ends_with_the_answer(width):
    statements = build_statements(6, label_length=40)
    console = Console(width=width, file=io.StringIO(), force_terminal=False)
    console.print(terminal_table(statements))
    printed = console.file.getvalue()
    head = printed[
        : printed.index("minilm-cuda") if "minilm-cuda" in printed else printed.index("MiniLM fp16 on a GPU")
    ]
    assert "…" not in head
    assert head.count("[") == head.count("]")
    assert " ".join(printed.split()).endswith(" ".join(statements.answer.split()))


def test_markup_in_a_label_is_not_interpreted_in_the_terminal():
    statements = build_statements(2)
    arms = [{**arm, "label": "[red]label[/red]"} for arm in statements.run["arms"]]
    console = Console(width=120, file=io.StringIO())
    console.print(terminal_table(replace(statements, run={**statements.run, "arms": arms})))
    assert "[red]label[/red]" in console.file.getvalue()


def test_bounds_over_restarts_are_columns_where_there_were_several():
    statements = build_statements(3)
    assert "Δ p50 over restarts" not in [column.title for column in tax_table(statements).columns]
    tax = statements.tax.assign(delta_p50_restarts_low_ms=1.5, delta_p50_restarts_high_ms=22.5)
    table = tax_table(replace(statements, tax=tax))
    place = [column.title for column in table.columns].index("Δ p50 over restarts")
    assert "[1.50, 22.5]" in [row.cells[place].text for row in table.rows]
    assert any("Over restarts" in note for note in table.notes)


def test_a_percentile_without_a_lower_bound_still_has_an_interval():
    row = {"saturated": False, "p90_ms": 4.0, "p90_low_ms": math.nan, "p90_high_ms": math.inf}
    assert percentile_cell(row, "p90").line == "4.00 [0, ∞]"
