"""Quantiles of resamples against those of the values that a resample stands for."""

from __future__ import annotations

import numpy as np
import pytest

from bench.analysis.stats.hierarchy import Layout, Level, Segments
from bench.analysis.stats.resampling import QuantileResampler

_RAGGED = [[np.arange(1.0, 8.0), np.arange(11.0, 14.0)], [np.arange(21.0, 26.0)]]
_EVERY = Level.PROCESS | Level.BLOCK | Level.WINDOW


def _weighted_quantile(values: np.ndarray, weights: np.ndarray, p: float) -> float:
    order = np.argsort(values, kind="stable")
    return float(values[order][np.searchsorted(np.cumsum(weights[order]), p * weights.sum() - 1e-9)])


@pytest.mark.parametrize("p", [0.01, 0.5, 0.99])
@pytest.mark.parametrize("level", [Level.PROCESS, Level.BLOCK, Level.WINDOW, Level.BLOCK | Level.WINDOW, _EVERY])
def test_a_quantile_is_that_of_all_the_values_of_its_resample(p: float, level: Level) -> None:
    values = [[np.random.default_rng(seed).standard_normal(30 + seed) + 9 * (seed == 2) for seed in range(3)]] * 2
    flat, layout = np.concatenate([block for process in values for block in process]), Layout.of(values)
    segments = Segments(layout, 7)
    times = segments.draw(level, 60, np.random.default_rng(4))[:, segments.of_values()]
    drawn = QuantileResampler((values,), p, 7).draw(level, 60, np.random.default_rng(4))[0]
    assert drawn.tolist() == [_weighted_quantile(flat, weights, p) for weights in times]


@pytest.mark.parametrize("p", [0.5, 0.99])
def test_of_many_values_quantiles_are_found_to_a_fraction_of_their_error(p: float) -> None:
    """Even of resamples far from the sample's own quantile: one block in six is far slower."""
    rng = np.random.default_rng(1)
    values = [[rng.standard_normal(20_000) + 3 * (block == 2) for block in range(6)]]
    flat, segments = np.concatenate(values[0]), Segments(Layout.of(values), 50)
    of_values = segments.of_values()
    for level in (Level.WINDOW, Level.BLOCK):
        times = segments.draw(level, 40, np.random.default_rng(4))
        drawn = QuantileResampler((values,), p, 50).draw(level, 40, np.random.default_rng(4))[0]
        exact = np.array([_weighted_quantile(flat, row[of_values], p) for row in times])
        assert np.abs(drawn - exact).mean() < 0.05 * exact.std()
        assert np.abs(drawn - exact).max() < 0.2 * exact.std()


def test_windows_stay_within_their_block() -> None:
    drawn = QuantileResampler((_RAGGED,), 0.01, 1).draw(Level.WINDOW, 500, np.random.default_rng(0))[0]
    assert set(drawn) <= set(range(1, 8))
    drawn = QuantileResampler((_RAGGED,), 0.99, 1).draw(Level.WINDOW, 500, np.random.default_rng(0))[0]
    assert set(drawn) <= set(range(21, 26))


def test_processes_are_drawn_whole() -> None:
    drawn = QuantileResampler((_RAGGED,), 0.99, 3).draw(Level.PROCESS, 400, np.random.default_rng(0))[0]
    assert set(drawn) == {13.0, 25.0}
    assert np.mean(drawn == 13.0) == pytest.approx(0.25, abs=0.07)


def test_windows_keep_neighbours_together() -> None:
    """In runs of 10 equal values, windows of 40 vary the median more than single values do."""
    values = [[np.repeat(np.random.default_rng(1).standard_normal(60), 10)]]
    spread = [
        QuantileResampler((values,), 0.5, window).draw(Level.WINDOW, 400, np.random.default_rng(2))[0].std()
        for window in (1, 40)
    ]
    assert spread[1] > 2.0 * spread[0]


def test_both_arms_get_the_same_draws() -> None:
    values = [[np.random.default_rng(seed).standard_normal(200) for seed in range(3)]]
    shifted = [[block + 5.0 for block in values[0]]]
    resampler = QuantileResampler((values, shifted), 0.9, 7)
    drawn = resampler.draw(_EVERY, 200, np.random.default_rng(0))
    assert drawn[1] - drawn[0] == pytest.approx(5.0)
    assert drawn[0].std() > 0.0
    assert resampler.points[1] - resampler.points[0] == pytest.approx(5.0)


@pytest.mark.parametrize(("n", "p"), [(1500, 0.99), (400, 0.9)])
def test_without_gap_noise_the_variance_is_that_of_the_quantile(n: int, p: float) -> None:
    """Uniform values: p(1-p)/(n+2) is exact; the plain bootstrap exceeds it by 0.8/√(np(1-p))."""
    plain, freed = [], []
    for seed in range(80):
        values = [[np.random.default_rng(seed).random(n)]]
        resampler = QuantileResampler((values,), p, 1)
        plain.append(resampler.draw(Level.WINDOW, 200, np.random.default_rng(seed)).var())
        freed.append(resampler.draw_without_gap_noise(Level.WINDOW, 200, np.random.default_rng(seed)).var())
    true = p * (1 - p) / (n + 2)
    assert np.mean(plain) / np.mean(freed) > 1.0 + 0.5 / np.sqrt(n * p * (1 - p))
    assert np.mean(freed) / true == pytest.approx(1.0, abs=0.2)


def test_infinite_values_are_drawn_and_never_become_nan() -> None:
    values = [[np.where(np.arange(100) < 12, np.inf, np.arange(100.0)) for _ in range(3)]]
    for p in (0.88, 0.9):
        for draw in ("draw", "draw_without_gap_noise"):
            drawn = getattr(QuantileResampler((values,), p, 5), draw)(Level.WINDOW, 300, np.random.default_rng(0))
            assert not np.isnan(drawn).any()
            assert np.isinf(drawn).any() and np.isfinite(drawn).any()
