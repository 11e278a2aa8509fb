"""Columns made of the probes' readings, on blocks whose every reading is planted."""

import numpy as np
import pytest
from synthetic_run import BLOCKS, make_arm, make_rows, make_run

from bench.analysis.summary import summarise

N = 400
ROWS = make_rows("a", np.full(N, 10.0))
"""In 4 blocks; each uses 0.5 CPU seconds, 0.1 of them spun."""
COUNTED = {
    "voluntary_switches": 30, "involuntary_switches": 10, "minor_faults": 19, "major_faults": 1, "pss_bytes": 150e6,
    "cpu_energy_j": 5.0,
}  # fmt: skip
ON_GPU = {"gpu_busy_share": 0.5, "wall_s": 2.0, "gpu_energy_j": 20.0, "gpu_allocated_peak_bytes": 70e6}
FROM_READINGS = [
    "switches_per_1k", "involuntary_switches_per_1k", "faults_per_1k", "major_faults_per_1k", "pss_mb", "gpu_s_per_1k",
    "gpu_peak_mb", "joules_per_1k", "cpu_joules_per_1k", "gpu_joules_per_1k", "cost_per_million",
]  # fmt: skip


def row_of(blocks, device="cpu", prices=None, change=lambda run: None):
    run = make_run([make_arm("a", device=device)], ROWS, blocks)
    run["scenario"] |= {"prices": prices}
    change(run)
    return summarise(run, ROWS).iloc[0]


def test_counters_are_sums_for_a_thousand_requests_and_gauges_are_maxima():
    def grow(run):
        run["blocks"][2]["pss_bytes"] = 180e6

    row = row_of(COUNTED, change=grow)
    assert row["switches_per_1k"] == pytest.approx(BLOCKS * 40 / N * 1000)
    assert row["involuntary_switches_per_1k"] == pytest.approx(BLOCKS * 10 / N * 1000)
    assert row["faults_per_1k"] == pytest.approx(BLOCKS * 20 / N * 1000)
    assert row["major_faults_per_1k"] == pytest.approx(BLOCKS * 1 / N * 1000)
    assert row["pss_mb"] == pytest.approx(180.0)


def test_a_run_without_probes_has_empty_columns():
    row = row_of({}, prices={"gpu_hour": 3.0})
    assert row[FROM_READINGS].isna().all()
    assert row["cpu_s_per_1k"] == pytest.approx(4.0)


@pytest.mark.parametrize("name", sorted(COUNTED | ON_GPU))
def test_a_reading_that_one_block_lacks_leaves_its_columns_empty(name):
    def lose(run):
        del run["blocks"][1][name]

    whole = row_of(COUNTED | ON_GPU, "cuda")
    row = row_of(COUNTED | ON_GPU, "cuda", change=lose)
    emptied = {column for column in FROM_READINGS if whole[[column]].notna().all() and row[[column]].isna().all()}
    assert emptied
    assert row["cpu_s_per_1k"] == whole["cpu_s_per_1k"]


def test_a_reading_of_0_is_a_measurement():
    row = row_of(COUNTED | {"major_faults": 0, "voluntary_switches": 0, "involuntary_switches": 0})
    assert (row["major_faults_per_1k"], row["switches_per_1k"]) == (0, 0)


def test_gpu_seconds_are_the_sampled_share_of_the_whole_block():
    row = row_of(COUNTED | ON_GPU, "cuda:1")
    assert row["gpu_s_per_1k"] == pytest.approx(BLOCKS * 0.5 * 2.0 / N * 1000)
    assert row["gpu_peak_mb"] == pytest.approx(70.0)


def test_joules_hold_the_gpu_of_an_arm_on_it_and_are_never_a_part():
    both = row_of(COUNTED | ON_GPU, "cuda")
    assert both["joules_per_1k"] == pytest.approx(BLOCKS * 25.0 / N * 1000)
    assert both["cpu_joules_per_1k"] + both["gpu_joules_per_1k"] == pytest.approx(both["joules_per_1k"])
    assert row_of(COUNTED)["joules_per_1k"] == pytest.approx(BLOCKS * 5.0 / N * 1000)
    only_gpu = row_of(ON_GPU, "cuda")
    assert np.isnan(only_gpu["joules_per_1k"])
    assert only_gpu["gpu_joules_per_1k"] == pytest.approx(BLOCKS * 20.0 / N * 1000)


@pytest.mark.parametrize(
    ("device", "prices", "cost"),
    [
        ("cpu", {"cpu_core_hour": 0.036}, 1e6 / N * BLOCKS * 0.4 * 0.036 / 3600),
        ("cpu", {"cpu_core_hour": 0.036, "gpu_hour": 3.6}, 1e6 / N * BLOCKS * 0.4 * 0.036 / 3600),
        ("cuda", {"cpu_core_hour": 0.036, "gpu_hour": 3.6}, 1e6 / N * BLOCKS * (0.4 * 0.036 + 1.0 * 3.6) / 3600),
        ("cuda", {"cpu_core_hour": None, "gpu_hour": 3.6}, 1e6 / N * BLOCKS * 1.0 * 3.6 / 3600),
        ("cuda", {"cpu_core_hour": 0.036}, None),
        ("cpu", {"cpu_core_hour": None, "gpu_hour": 3.6}, None),
        ("cpu", None, None),
    ],
)
def test_a_million_requests_cost_their_seconds_of_work(device, prices, cost):
    found = row_of(COUNTED | ON_GPU, device, prices)["cost_per_million"]
    assert np.isnan(found) if cost is None else found == pytest.approx(cost)


def test_gpu_time_that_was_not_measured_is_not_free():
    row = row_of(COUNTED, "cuda", {"cpu_core_hour": 0.036, "gpu_hour": 3.6})
    assert np.isnan(row["cost_per_million"])
