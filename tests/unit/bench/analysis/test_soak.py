"""What grew: planted leaks are found with their size, noise and a filling cache are not taken for one."""

import numpy as np
import pandas as pd
import pytest

from bench.analysis.soak import Growth, courses, soak_table
from bench.analysis.validity import judge

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
    assert table["quantity"].tolist() == ["Memory", "Open files", "Threads", "Response time p90"]
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


def test_a_soak_of_few_blocks_tells_nothing():
    table = soak_table(*soak(blocks=8))
    assert (table["growth"] == Growth.UNTOLD).all()
    assert table["per_hour"].isna().all()


def test_response_times_that_owe_no_percentile_are_left_out():
    assert "Response time" not in " ".join(soak_table(*soak(per_block=2))["quantity"])


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


def test_growth_is_a_finding_of_the_run():
    run, requests = soak(files=12.0 + np.arange(BLOCKS))
    from bench.analysis.validity.growth import Grows

    class Seen:
        pass

    seen = Seen()
    seen.run, seen.requests = run, requests
    findings = list(Grows().findings(seen))
    assert [finding.check for finding in findings] == ["growth"]
    assert "Open files grows by" in findings[0].message
    assert judge is not None
