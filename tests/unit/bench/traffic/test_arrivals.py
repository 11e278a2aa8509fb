"""The schedule of a seed never changes, and nothing but its own load point and block decides it."""

import numpy as np
import pytest
from arrival_draws import NS_PER_S, draw, write_recording
from hypothesis import given
from hypothesis import strategies as st

from bench.scenario import LoadPoint, LoadTable
from bench.traffic.arrivals import rising_ns
from bench.traffic.schedule import draw_schedule

RATE_PER_S = 40.0
TRACE_CELLS = [f"{3 * row + row % 7}.{row:03}" for row in range(2000)]
GOLDEN = {
    "constant": ({}, "d97ce6d3677f5633f77f47f9743ad873f50f171daaa0a71a3496e0d7f753013b"),
    "poisson": ({}, "c95f61fab88d669909c5964174c7d9ee48b80ab01be221e001e0d8f63fdc34cb"),
    "gamma": ({"cv": 3.0}, "9038625026c1c0da66891c9eaa324eabb0eef09eafd1c4848400b7f2ca4d4dcc"),
    "mmpp": (
        {"rates_per_s": [2.0, 30.0, 0.0], "mean_s": [3.0, 1.0, 2.0]},
        "40b0acf77a2e5d8df87d5a31fa082ab77f6341d0046ca5fac3a30ae843c70a86",
    ),
    "diurnal": ({"period_s": 60.0}, "4f4f86c390810771496dba63d273d51baca5d1c96a6e3435b1b44fe4a9ccb09b"),
    "trace": ({"path": "arrivals.csv"}, "0b94232cf9e41f0880441311238d97b19610abfee13364a70f89ffb725ad81af"),
}
"""Options, and SHA-256 of the schedule of seed 7, load "server" at 40/s, block 3 after three of 500, 500 requests."""


def point(kind, rate_per_s=RATE_PER_S, **options):
    arrivals = {"kind": kind} | options
    table = {"kind": "server", "requests": 500, "arrivals": arrivals, "rates_per_s": [rate_per_s]}
    return LoadPoint("server", LoadTable.model_validate(table), rate_per_s)


def schedule(load_point, *, seed=7, block=3, n=50, data_dirs=()):
    return draw_schedule(seed, load_point, block, n, before=block * n, data_dirs=data_dirs)


@pytest.mark.parametrize("kind", sorted(GOLDEN))
def test_the_schedule_of_a_seed_never_changes(kind, tmp_path):
    write_recording(tmp_path, TRACE_CELLS)
    options, sha256 = GOLDEN[kind]
    assert schedule(point(kind, **options), n=500, data_dirs=[tmp_path]).sha256 == sha256


def test_seed_rate_block_and_load_each_draw_another_schedule():
    base = schedule(point("poisson"))
    others = [
        schedule(point("poisson"), seed=8),
        schedule(point("poisson"), block=4),
        schedule(point("poisson", 41.0)),
        schedule(LoadPoint("other", point("poisson").table, RATE_PER_S)),
    ]
    assert len({base.sha256, *(other.sha256 for other in others)}) == 5
    assert schedule(point("poisson")).sha256 == base.sha256


def test_a_load_without_a_rate_has_no_schedule():
    with pytest.raises(ValueError, match="no arrivals"):
        schedule(LoadPoint("offline", LoadTable(kind="offline", requests=10), None))


def test_constant_is_exactly_constant():
    assert draw("constant", 5, 1000.0).tolist() == [1_000_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000]
    thirds = draw("constant", 300_000, 3.0)
    assert thirds[-1] == 100_000 * NS_PER_S, "rounding must not add up"
    assert np.abs(np.diff(thirds) - NS_PER_S / 3).max() < 1


def test_rounding_never_swaps_two_times():
    assert rising_ns(np.array([1e-9, 5.1e-9, 4.9e-9, 4.4e-9, 7e-9])).tolist() == [1, 5, 5, 5, 7]


finite = {"allow_nan": False, "allow_infinity": False}
two_states = st.tuples(*[st.floats(0.01, 1000.0, **finite)] * 4)
curves = st.lists(st.floats(0.0, 100.0, **finite), min_size=2, max_size=30).filter(lambda levels: max(levels) > 1e-3)
OPTIONS = st.one_of(
    st.just(("constant", {})),
    st.just(("poisson", {})),
    st.floats(0.05, 20.0, **finite).map(lambda cv: ("gamma", {"cv": cv})),
    two_states.map(lambda four: ("mmpp", {"rates_per_s": four[:2], "mean_s": four[2:]})),
    st.tuples(curves, st.floats(0.01, 1e5, **finite)).map(
        lambda curve: ("diurnal", {"levels": curve[0], "period_s": curve[1], "start_s": curve[1] / 3})
    ),
)


@given(OPTIONS, st.integers(0, 400), st.floats(0.01, 1e6, **finite), st.integers(0, 2**32), st.integers(0, 10**6))
def test_whatever_the_options_times_are_whole_and_never_fall(options, n, rate_per_s, seed, before):
    kind, keys = options
    times_ns = draw(kind, n, rate_per_s, seed=seed, before=before, **keys)
    assert (times_ns.dtype, times_ns.shape) == (np.int64, (n,))
    assert (np.diff(times_ns, prepend=0) >= 0).all()


@given(st.sampled_from(["constant", "poisson", "gamma"]), st.floats(0.1, 1e4, **finite), st.integers(0, 2**32))
def test_processes_of_the_load_s_rate_are_only_scaled_by_it(kind, rate_per_s, seed):
    options = {"cv": 2.0} if kind == "gamma" else {}
    once = draw(kind, 50, 1.0, seed=seed, **options)
    assert draw(kind, 50, rate_per_s, seed=seed, **options) * rate_per_s == pytest.approx(once, abs=2 * rate_per_s + 2)


@given(st.sampled_from(["poisson", "gamma"]), st.floats(0.1, 1e4, **finite), st.integers(0, 2**32))
def test_the_mean_gap_is_that_of_the_rate(kind, rate_per_s, seed):
    """Five standard errors; the gaps' CV is 1 or 2."""
    options = {"cv": 2.0} if kind == "gamma" else {}
    n, cv = 2500, options.get("cv", 1.0)
    end_s = draw(kind, n, rate_per_s, seed=seed, **options)[-1] / NS_PER_S
    assert end_s * rate_per_s / n == pytest.approx(1.0, abs=5 * cv / np.sqrt(n))
