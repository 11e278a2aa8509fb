"""A plan as people read it: the error first, nothing invented, extrapolation named."""

import json
from dataclasses import replace

import numpy as np
import pytest
from plan_samples import sample_arm, sample_plan

from bench.analysis.plan.statement import BatchChoice
from bench.quantities import MISSING
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
    cells = [row.cells for row in error_table(plan).rows]
    assert cells[3][5].text == "+40.0"
    assert cells[3][5].tone == "bad"


def test_the_share_that_is_planned_at_is_stated_by_itself():
    """The others are claimed; that one is near the capacity, where tails are steep."""
    said = sample_plan(sample_arm(off_by=1.05, planned_off_by=1.3)).error_sentence
    assert said.startswith(
        "Prediction error of p99 at 2 held-out points (0.5 of a replica's capacity): 5.00 % at most, 2.50 % in the "
        "middle; at 0.8, where replicas are planned, 30.0 % at most. At 1 of them it is over 15 %: take the plan"
    )
    assert (
        "at 0.8, where replicas are planned, 10.0 % at most."
        in sample_plan(sample_arm(planned_off_by=1.1)).error_sentence
    )


def test_a_plan_of_what_was_not_checked_is_marked_extrapolated():
    arm = sample_arm()
    asked = sample_plan(arm).asked
    assert arm.unchecked(asked) == ()
    at_100 = replace(arm.checks[1], share=0.8)
    elsewhere = {
        "planned at 0.6 of the capacity, checked at 0.5, 0.8": (
            replace(arm, fleet=replace(arm.fleet, share=0.6)), asked),
        "batches of at most 1, checked with 4": (
            replace(arm, batches=(BatchChoice(1, 9.0, False), BatchChoice(4, 9.0, True))), asked),
        "1,000,000 items, checked with 600": (arm, replace(asked, items=1_000_000)),
        "150/s to each replica, checked up to 100/s": (replace(arm, checks=(*arm.checks[:2], at_100), replicas=100),
            replace(asked, rate_per_s=15_000.0)),
    }  # fmt: skip
    for said, (other, question) in elsewhere.items():
        marked = replace(sample_plan(other), asked=question)
        assert other.unchecked(question) == (said,)
        assert "cores, extrapolated)" in marked.sentence
        assert needs_table(marked).rows[0].cells[1].text.endswith("(extrapolated)")
        assert f"extrapolated: {said}." in plan_markdown(marked).replace("\\", "")
        assert marked.as_json()["arms"][0]["unchecked"] == [said]
        assert marked.as_json()["arms"][0]["extrapolated"]
    unmeasured = replace(arm, search=None)
    assert unmeasured.unchecked(replace(asked, items=1_000_000)) == (), (
        "planned for the items of the data: a note says so"
    )


def test_hits_are_told_alike_in_the_table_and_for_machines_wherever_the_cache_is_sized():
    arm = sample_arm()
    service = replace(arm.fleet.replica.service, tokens=np.array([0, 0, 0, 5], np.int32), counts_hits=True)
    cached = replace(arm, fleet=replace(arm.fleet, replica=replace(arm.fleet.replica, service=service)))
    assert cached.cache_mb is None
    plan = sample_plan(cached, arm)
    assert [each["hit_share"] for each in plan.as_json()["arms"]] == [0.75, None]
    assert [row.cells[5].text for row in needs_table(plan).rows] == ["75.0", MISSING]


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
