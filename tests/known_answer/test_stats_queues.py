"""Simulated queues against the closed forms, within the Monte Carlo error."""

from __future__ import annotations

import numpy as np
import pytest

from bench.analysis.stats.quantile import quantile
from bench.analysis.stats.queueing import DD1, MD1, MM1, mg1_mean_wait_s

_CUSTOMERS = 400_000


def _waits(gaps: np.ndarray, services: np.ndarray) -> np.ndarray:
    """Lindley's recursion for a queue that starts empty: the walk's distance to its lowest point so far."""
    walk = np.concatenate(([0.0], np.cumsum(services[:-1] - gaps[1:])))
    return walk - np.minimum.accumulate(walk)


def _poisson(rng: np.random.Generator, rho: float) -> np.ndarray:
    return rng.exponential(1.0 / rho, _CUSTOMERS)


def test_mm1_response() -> None:
    rng = np.random.default_rng(1)
    services = rng.exponential(1.0, _CUSTOMERS)
    response = _waits(_poisson(rng, 0.6), services) + services
    queue = MM1(0.6, 1.0)
    assert response.mean() == pytest.approx(queue.mean_response_s, rel=0.03)
    for p in (0.5, 0.9, 0.99):
        assert quantile(response, p) == pytest.approx(queue.response_quantile_s(p), rel=0.04)


def test_md1_wait() -> None:
    waits = _waits(_poisson(np.random.default_rng(2), 0.7), np.ones(_CUSTOMERS))
    queue = MD1(0.7, 1.0)
    assert waits.mean() == pytest.approx(queue.mean_wait_s, rel=0.03)
    for p in (0.5, 0.9, 0.99):
        assert quantile(waits, p) == pytest.approx(queue.wait_quantile_s(p), rel=0.05)


def test_two_point_service_wait() -> None:
    rng = np.random.default_rng(3)
    services = np.where(rng.random(_CUSTOMERS) < 0.1, 5.5, 0.5)
    waits = _waits(_poisson(rng, 0.5), services)
    assert waits.mean() == pytest.approx(mg1_mean_wait_s(0.5, 1.0, 0.9 * 0.25 + 0.1 * 30.25), rel=0.05)


@pytest.mark.parametrize("rho", [0.5, 1.0, 1.25])
def test_dd1_wait(rho: float) -> None:
    waits = _waits(np.full(1000, 1.0 / rho), np.ones(1000))
    queue = DD1(rho, 1.0)
    assert waits == pytest.approx([queue.wait_s(position) for position in range(1000)])
