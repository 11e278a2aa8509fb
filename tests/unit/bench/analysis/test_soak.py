"""What grew: planted leaks are found with their size, noise and a filling cache are not taken for one."""

import numpy as np
import pandas as pd
import pytest
from synthetic_run import make_arm, make_rows, make_run

from bench.analysis.soak import Growth, courses, soak_table
from bench.analysis.statements import Verdict
from bench.analysis.summary import summarise
from bench.analysis.validity import Evidence, judge
from bench.analysis.validity.growth import Grows

BLOCKS, WALL_S, PER_BLOCK = 40, 30.0, 120
HOURS = BLOCKS * WALL_S / 3600
MB = 1e6


def soak(rss_mb=None, files=None, slowdown=None, blocks=BLOCKS, per_block=PER_BLOCK):
    """A run of one arm and its requests; each argument: values [blocks]."""
    rng = np.random.default_rng(3)
    flat = np.ones(blocks)
    rss_mb = 300 * flat + rng.normal(0, 0.2, blocks) if rss_mb is None else rss_mb
    files = 12 * flat if files is None else files
    slowdown = flat if slowdown is None else slowdown
    entries = [
        {"arm": "a", "load": "server", "offered_per_s": 4.0, "block": block, "process": 0, "wall_s": WALL_S,
         "rss_bytes": rss_mb[block] * MB, "open_files": files[block], "process_threads": 3.0}
        for block in range(blocks)
    ]  # fmt: skip
    ms = rng.lognormal(1, 0.3, (blocks, per_block)) * slowdown[:, None]
    requests = pd.DataFrame(
        {"arm": "a", "block": np.repeat(np.arange(blocks), per_block), "counted": True, "request_kind": "recommend",
         "outcome": "answered", "intended_ns": 0, "observed_ns": np.rint(ms.ravel() * 1e6).astype(np.int64)}
    )  # fmt: skip
    arms = [{"name": "a", "label": "A", "status": "measured"}]
    return {"scenario": {"soak_s": 1200.0}, "arms": arms, "blocks": entries}, requests


def row(run_and_requests, quantity):
    table = soak_table(*run_and_requests).set_index("quantity")
    return table.loc[quantity]


def test_nothing_grows_where_nothing_was_planted():
    table = soak_table(*soak())
    assert table["quantity"].tolist() == ["Memory", "Open files", "Threads", "Response time p90", "Unanswered"]
    assert (table["growth"] == Growth.STEADY).all()


def test_a_leak_is_found_and_measured():
    per_hour_mb = 60.0
    hours = (np.arange(BLOCKS) + 0.5) * WALL_S / 3600
    leak = row(soak(rss_mb=300 + per_hour_mb * hours), "Memory")
    assert leak["growth"] == Growth.GROWS
    assert leak["per_hour"] == pytest.approx(per_hour_mb, rel=1e-6)
    assert leak["hours"] == pytest.approx(HOURS * 0.8, rel=0.05)


def test_a_cache_that_fills_in_the_first_fifth_is_no_leak():
    filling = 300 + 50 * np.minimum(np.arange(BLOCKS) / (BLOCKS * 0.2), 1)
    assert row(soak(rss_mb=filling), "Memory")["growth"] == Growth.STEADY


def test_a_rise_that_is_certain_and_tiny_does_not_matter():
    assert row(soak(rss_mb=300 + np.arange(BLOCKS) * 0.01), "Memory")["growth"] == Growth.STEADY


def test_one_file_that_is_never_closed_in_ten_blocks_is_found():
    files = 12 + np.arange(BLOCKS) // 10
    assert row(soak(files=files.astype(float)), "Open files")["growth"] == Growth.GROWS


def test_a_tail_that_gets_slower_is_found():
    assert row(soak(slowdown=np.linspace(1, 1.5, BLOCKS)), "Response time p90")["growth"] == Growth.GROWS


def test_noise_that_could_hide_a_rise_is_not_called_steady():
    rng = np.random.default_rng(1)
    noisy = row(soak(rss_mb=300 + rng.normal(0, 30, BLOCKS)), "Memory")
    assert noisy["growth"] == Growth.UNTOLD


def test_a_step_in_the_last_fifth_is_found():
    """Its median slope and both of its bounds are 0, for most pairs of blocks lie before it."""
    step = row(soak(files=np.where(np.arange(BLOCKS) < BLOCKS - 6, 12.0, 500.0)), "Open files")
    assert step["per_hour"] == step["per_hour_high"] == 0
    assert step["growth"] == Growth.GROWS


def test_a_leak_that_begins_in_the_last_fifth_is_found():
    late = 12 + 80.0 * np.maximum(np.arange(BLOCKS) - (BLOCKS - 7), 0)
    assert row(soak(files=late), "Open files")["growth"] == Growth.GROWS


def test_a_rise_of_the_last_blocks_alone_is_neither_steady_nor_told():
    rise = 12 + 80.0 * np.maximum(np.arange(BLOCKS) - (BLOCKS - 4), 0)
    assert row(soak(files=rise), "Open files")["growth"] == Growth.UNTOLD


def test_a_service_that_degrades_into_time_outs_grows_though_its_answers_are_as_fast_as_ever():
    run, requests = soak()
    unanswered = requests["block"] * PER_BLOCK / BLOCKS / 4  # up to a quarter of a block's
    requests.loc[requests.groupby("block").cumcount() < unanswered, "outcome"] = "timed_out"
    response, unanswered = row((run, requests), "Response time p90"), row((run, requests), "Unanswered")
    assert response["growth"] == unanswered["growth"] == Growth.GROWS
    assert response["last"] == response["largest"] == np.inf
    assert np.isnan(response["per_hour"])
    assert unanswered["last"] == pytest.approx(100 * 30 / PER_BLOCK)


def test_time_outs_too_rare_for_the_percentile_are_found():
    run, requests = soak()
    rare = (requests.groupby("block").cumcount() < 4) & (requests["block"] >= BLOCKS // 2)
    requests.loc[rare, "outcome"] = "timed_out"
    assert row((run, requests), "Unanswered")["growth"] == Growth.GROWS


def test_a_thin_block_takes_the_percentile_from_itself_alone():
    run, requests = soak()
    thin = requests.drop(requests.index[requests["block"] == 20][2:])
    of_all, of_others = row((run, requests), "Response time p90"), row((run, thin), "Response time p90")
    assert of_others["blocks"] == of_all["blocks"] - 1
    assert of_others["last"] == of_all["last"]


def test_a_soak_of_few_blocks_tells_nothing():
    table = soak_table(*soak(blocks=8))
    assert (table["growth"] == Growth.UNTOLD).all()
    assert table["per_hour"].isna().all()


def test_what_was_not_read_is_said_to_be_so():
    """Response times that owe no percentile, and files that no probe counts here."""
    run, requests = soak(per_block=2)
    for block in run["blocks"]:
        del block["open_files"]
    table = soak_table(run, requests).set_index("quantity")
    unread = table[table["growth"] == Growth.UNREAD]
    assert unread.index.tolist() == ["Open files", "Response time"]
    assert unread[["first", "last", "largest", "per_hour", "p_rising"]].isna().all(axis=None)
    assert (unread["blocks"] == 0).all()


def test_a_quantity_that_was_never_read_after_the_first_fifth_has_no_largest():
    run, requests = soak()
    for block in run["blocks"][5:]:
        del block["open_files"]
    early = row((run, requests), "Open files")
    assert early["growth"] == Growth.UNTOLD
    assert np.isnan(early["largest"])


def test_an_arm_that_never_served_has_no_rows():
    run, requests = soak()
    run["arms"].append({"name": "b", "label": "B", "status": "skipped"})
    assert set(soak_table(run, requests)["arm"]) == {"a"}


def test_an_ordinary_run_has_no_courses():
    run, requests = soak()
    run["scenario"] = {}
    assert courses(run, requests) == ()
    assert soak_table(run, requests).empty


def test_chance_calls_few_level_soaks_growing():
    """200 soaks of pure noise: the level of the test is 1 %, and the least rise that counts makes it rarer."""
    rng = np.random.default_rng(11)
    called = sum(
        row(soak(rss_mb=300 + rng.normal(0, 3, BLOCKS), per_block=2), "Memory")["growth"] == Growth.GROWS
        for _ in range(200)
    )
    assert called <= 6


def soaked_run(open_files):
    """A whole run as every check looks at it. open_files: [blocks]."""
    n_blocks = len(open_files)
    ms = np.random.default_rng(5).gamma(8, 0.25, 50 * n_blocks)
    rows = make_rows("a", ms, block=np.repeat(np.arange(n_blocks), 50))
    run = make_run([make_arm("a")], rows)
    for block, files in zip(run["blocks"], open_files, strict=True):
        block["open_files"] = files
    run["scenario"]["soak_s"] = 1200.0
    return run, rows, summarise(run, rows)


def test_growth_is_a_finding_of_the_run():
    verdict, findings = judge(*soaked_run(12.0 + np.arange(16)))
    assert verdict is Verdict.DEGRADED
    assert [(finding.check, finding.where) for finding in findings] == [("growth", "A")]
    assert "Open files grows by" in findings[0].message
    assert "an hour of serving, from 16.0 to 27.0" in findings[0].message


def test_a_soak_in_which_nothing_grows_is_valid():
    assert judge(*soaked_run(np.full(16, 12.0))) == (Verdict.VALID, ())


def test_a_late_step_is_not_told_as_a_slope_of_nothing():
    run, requests = soak(files=np.where(np.arange(BLOCKS) < BLOCKS - 6, 12.0, 500.0))
    (finding,) = Grows().findings(Evidence(run, requests, pd.DataFrame()))
    assert finding.message == "Open files grows by 488, unevenly, from 12.0 to 500"
