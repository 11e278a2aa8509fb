"""A recording is replayed as it was, to the ns: whole or in part, faster or slower, block after block."""

import os
from pathlib import Path

import numpy as np
import pytest
from arrival_draws import NS_PER_S, build, draw, write_recording

from bench.errors import ConfigError
from recsys.data.loading import DATA_DIR_VARIABLE
from recsys.errors import BadOptions, DataError

REQUIRED_VARIABLE = "LLM_REC_BENCH_DATA_REQUIRED"
TRACE = {"path": "arrivals.csv"}
RECORDED_S = [100, 101, 101, 103, 106, 108, 110]
"""Seven arrivals in 10 s, two of them at once: 0.6/s, a mean gap of 10/6 s."""


@pytest.fixture
def folder(tmp_path):
    write_recording(tmp_path, RECORDED_S)
    return tmp_path


def replay_s(folder, n, *, rate_per_s=0.6, before=0, **options):
    times_ns = draw("trace", n, rate_per_s, before=before, data_dirs=[folder], **TRACE | options)
    return (times_ns / NS_PER_S).tolist()


def test_at_its_own_rate_every_ns_is_replayed(folder):
    assert build("trace", **TRACE).natural_rate_per_s([folder]) == 0.6
    assert replay_s(folder, 7) == [0, 1, 1, 3, 6, 8, 10]


def test_a_rate_is_a_time_scale(folder):
    assert replay_s(folder, 7, rate_per_s=1.2) == [0, 0.5, 0.5, 1.5, 3, 4, 5]
    assert replay_s(folder, 7, rate_per_s=0.06) == [0, 10, 10, 30, 60, 80, 100]


def test_the_last_arrival_is_never_moved_to_the_end_of_its_share(folder):
    assert replay_s(folder, 3, rate_per_s=1.2)[-1] == 0.5, "and not 3/1.2 s"


def test_each_block_goes_on_after_the_last_arrival_of_the_one_before(folder):
    assert replay_s(folder, 2) == [0, 1]
    assert replay_s(folder, 2, before=2) == [0, 2]
    assert replay_s(folder, 3, before=4) == [3, 5, 7]
    assert replay_s(folder, 3, before=4, rate_per_s=1.2) == [1.5, 2.5, 3.5]


def window_rate_per_s(folder, **window):
    return build("trace", **TRACE, **window).natural_rate_per_s([folder])


def test_a_window_starts_and_ends_where_it_is_told(folder):
    """From 101 s up to, and without, 108 s there are four arrivals; from 105 s on three, 2 s apart."""
    cut = {"start_s": 1, "end_s": 8}
    rate_per_s = window_rate_per_s(folder, **cut)
    assert rate_per_s == pytest.approx(4 / 7, rel=1e-5)
    assert replay_s(folder, 4, rate_per_s=rate_per_s, **cut) == [0, 0, 2, 5]
    rate_per_s = window_rate_per_s(folder, start_s=5)
    assert rate_per_s == pytest.approx(3 / 7, rel=1e-5)
    assert replay_s(folder, 3, rate_per_s=rate_per_s, start_s=5) == [1, 3, 5]


def test_a_loop_goes_on_at_the_start_of_the_window(folder):
    cut = {"start_s": 1, "end_s": 8, "loop": True}
    rate_per_s = window_rate_per_s(folder, **cut)
    assert replay_s(folder, 10, rate_per_s=rate_per_s, **cut) == [0, 0, 2, 5, 7, 7, 9, 12, 14, 14]


def test_a_recording_that_is_not_cut_ends_a_mean_gap_after_its_last_arrival(folder):
    gap_s = 10 / 6
    assert replay_s(folder, 2, before=6, loop=True) == pytest.approx([2, 2 + gap_s], abs=1e-9)
    assert replay_s(folder, 2, before=7, loop=True) == pytest.approx([gap_s, gap_s + 1], abs=1e-9)


def test_without_a_loop_a_recording_that_is_too_short_is_refused(folder):
    with pytest.raises(ConfigError) as error:
        replay_s(folder, 5, before=4)
    for word in ('trace "arrivals.csv"', "7 arrivals", "9 or more", "Next:", "loop = true", "requests"):
        assert word in str(error.value)


@pytest.mark.parametrize(
    ("window", "words"),
    [
        ({"start_s": 9.5}, ["1 arrivals", "start_s = 9.5", "lasts 10 s", "Next:"]),
        ({"start_s": 1, "end_s": 2}, ["2 arrivals", "fewer than two different times"]),
        ({"start_s": 20}, ["0 arrivals"]),
        ({"end_s": 3600}, ["end_s = 3600", "lasts 10 s", "leave it out"]),
    ],
)
def test_a_window_without_a_rate_is_refused(folder, window, words):
    with pytest.raises(DataError) as error:
        build("trace", **TRACE, **window).natural_rate_per_s([folder])
    assert all(word in str(error.value) for word in ["arrivals.csv", *words])


def test_a_file_that_is_not_there_is_refused_with_what_is(folder):
    with pytest.raises(DataError, match=r'"arrival.csv" not found \(did you mean "arrivals.csv"\?\)'):
        build("trace", path="arrival.csv").natural_rate_per_s([folder])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, ["path", "required"]),
        ({"path": "x", "unit": "minutes"}, ["unit", "'s', 'ms', 'us' or 'ns'"]),
        ({"path": "x", "start_s": 3, "end_s": 2}, ["end_s", "more than start_s (3)"]),
        ({"path": "x", "start_s": -1}, ["start_s", "greater than or equal to 0"]),
    ],
)
def test_options_that_are_wrong_are_named(options, words):
    with pytest.raises(BadOptions) as error:
        build("trace", **options)
    assert all(word in str(error.value) for word in ['arrivals "trace"', *words])


@pytest.mark.parametrize(("name", "n", "gap_cv"), [("conv", 19_366, 1.1), ("code", 8_819, 13.0)])
def test_recorded_traffic_of_language_models_is_replayed_with_its_bursts(name, n, gap_cv):
    """Chat is close to Poisson, code completion comes in bursts."""
    folder = Path(os.environ.get(DATA_DIR_VARIABLE, "")) / "traces"
    path = f"AzureLLMInferenceTrace_{name}.csv"
    if not (folder / path).is_file():
        reason = f"{path} not found: set {DATA_DIR_VARIABLE} to the folder that holds traces"
        if os.environ.get(REQUIRED_VARIABLE):
            pytest.fail(f"{reason}; {REQUIRED_VARIABLE} forbids to skip")
        pytest.skip(reason)
    options = {"path": path, "column": "TIMESTAMP"}
    rate_per_s = build("trace", **options).natural_rate_per_s([folder])
    times_ns = draw("trace", n, rate_per_s, data_dirs=[folder], **options)
    gaps_ns = np.diff(times_ns)
    assert gaps_ns.std() / gaps_ns.mean() == pytest.approx(gap_cv, rel=0.02)
    assert gaps_ns.mean() == pytest.approx(NS_PER_S / rate_per_s, rel=1e-5)
    first_cells = [line.split(",")[0] for line in (folder / path).read_text().splitlines()[1:501]]
    moments = np.array(first_cells, "datetime64[ns]").astype(np.int64)
    assert times_ns[:500].tolist() == (moments - moments[0]).tolist()
    blocks = [draw("trace", 500, 40.0, before=before, data_dirs=[folder], **options) for before in (0, 500)]
    assert blocks[0][-1] + blocks[1] == pytest.approx(
        draw("trace", 1000, 40.0, data_dirs=[folder], **options)[500:], abs=2
    )
    with pytest.raises(ConfigError, match="loop = true"):
        draw("trace", n + 1, 40.0, data_dirs=[folder], **options)
