"""A plan as people read it: the error first, nothing invented, extrapolation named."""

import json

import pytest
from plan_samples import sample_arm, sample_plan

from bench.report.plan_page import build_plan_page
from bench.report.plan_pictures import draw_plan
from bench.report.plan_tables import breaks_table, error_table, needs_table, plan_markdown, terminal_tables
from bench.report.tables import to_rich


@pytest.fixture(scope="module")
def plan():
    return sample_plan(
        sample_arm("base", "baseline"), sample_arm("off", off_by=1.4, hour=None), absent=(("gone", "why"),)
    )


@pytest.fixture(scope="module")
def pictures(plan):
    return draw_plan(plan)


def test_the_error_comes_first_and_a_large_one_warns(plan):
    said = plan.error_sentence
    assert said.startswith("Prediction error of p99 at 4 held-out points (0.5 of a replica's capacity): ")
    assert "At 1 of them it is over 15 %: take the plan as an order of magnitude" in said
    text = plan_markdown(plan)
    assert text.index("Prediction error") < text.index("replicas")
    good = sample_plan(sample_arm(off_by=1.02))
    assert "order of magnitude" not in good.error_sentence
    assert good.as_json()["largest_error"] == pytest.approx(0.02, abs=0.002)


def test_the_error_is_predicted_over_measured(plan):
    off = plan.arms[1].checks[0]
    assert off.error == pytest.approx(0.4, abs=0.001)
    assert off.is_resolved
    cells = [row.cells for row in error_table(plan).rows]
    assert cells[2][5].text == "+40.0"
    assert cells[2][5].tone == "bad"


def test_what_is_not_known_is_said_and_not_invented(plan):
    base, off, gone = needs_table(plan).rows
    texts = [cell.text for cell in off.cells]
    assert texts.count("no price") == 2
    assert texts[-1] == "not measured"
    assert [cell.text for cell in base.cells].count("no price") == 0
    assert gone.message == "not measured: why"


def test_bounds_stand_in_the_order_in_which_they_give_way(plan):
    rows = [row for row in breaks_table(plan).rows if row.name.startswith("base")]
    factors = [each.factor for each in plan.arms[0].breaks(plan.asked)]
    assert factors == sorted(factors)
    assert [row.cells[0].text for row in rows] == ["Computing", "Search time", "Index memory"]
    slow = sample_plan(sample_arm(ingest=0.02))
    assert slow.arms[0].replicas is None
    assert "no number of replicas (each would have to apply all new items" in slow.sentence
    assert "New items" in {each.what for each in slow.arms[0].breaks(slow.asked) if each.factor < 1}


def test_json_is_plain_and_labels_what_is_extrapolated(plan):
    content = json.loads(json.dumps(plan.as_json(), allow_nan=False))
    arm = content["arms"][0]
    assert [point["extrapolated"] for point in arm["by_rate"]] == [False, True, True, True]
    assert [point["extrapolated"] for point in arm["by_items"]] == [False, True, True]
    assert arm["by_items"][-1]["replicas"] is None
    assert arm["joules_per_request"] is None
    assert content["absent"] == [{"label": "gone", "reason": "why"}]


def test_the_pictures_are_the_same_bytes_again(plan, pictures):
    assert [picture.kind for picture in pictures] == ["plan_check", "plan_rate", "plan_items"]
    assert all(picture.svg.startswith(b"<?xml") or picture.svg.startswith(b"<svg") for picture in pictures)
    assert all(picture.png.startswith(b"\x89PNG") for picture in pictures)
    assert pictures == draw_plan(plan)


def test_the_page_has_no_script_and_shows_labels_as_they_are(plan, pictures):
    page = build_plan_page(plan, pictures, "sample <b>")
    assert "<script" not in page
    assert "http" not in page.replace("http://www.w3.org", "")
    assert "sample &lt;b&gt;" in page
    assert page.index("Prediction error") < page.index("What it takes")
    assert "extrapolated" in page
    assert 'class="notice warn"' in page


def test_a_terminal_has_room_for_it(plan):
    from io import StringIO

    from rich.console import Console

    out = StringIO()
    for table in terminal_tables(plan):
        Console(file=out, width=100, emoji=False).print(to_rich(table))
    shown = out.getvalue()
    assert "base [/b] :warning:" in shown
    assert "Replicas" in shown
