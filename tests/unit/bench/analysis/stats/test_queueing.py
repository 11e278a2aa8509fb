"""Closed forms against each other and against published values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import linalg

from bench.analysis.stats.queueing import DD1, MD1, MM1, mg1_mean_wait_s, relaxation_s


def test_mm1_by_hand() -> None:
    queue = MM1(arrivals_per_s=80.0, service_s=0.01)
    assert queue.utilisation == pytest.approx(0.8)
    assert queue.mean_response_s == pytest.approx(0.05)
    assert queue.mean_wait_s == pytest.approx(0.04)
    assert queue.response_quantile_s(0.99) == pytest.approx(0.05 * math.log(100.0))
    assert queue.wait_quantile_s(0.99) == pytest.approx(0.05 * math.log(80.0))
    assert queue.wait_quantile_s(0.2) == 0.0


def test_md1_waits_half_as_long_as_mm1() -> None:
    for rho in (0.1, 0.5, 0.9):
        assert MD1(rho, 1.0).mean_wait_s == pytest.approx(MM1(rho, 1.0).mean_wait_s / 2.0)


def test_md1_distribution_starts_at_the_share_that_never_waits() -> None:
    queue = MD1(0.7, 1.0)
    assert queue.wait_cdf(-0.1) == 0.0
    assert queue.wait_cdf(0.0) == pytest.approx(0.3)
    assert queue.wait_cdf(0.5) == pytest.approx(0.3 * math.exp(0.35))  # one term up to t = D


@pytest.mark.parametrize(("rho", "longest"), [(0.3, 10), (0.7, 30), (0.9, 90)])
def test_md1_distribution_has_the_mean_of_pollaczek_khinchine(rho: float, longest: int) -> None:
    """The integral of P(wait > t), by Gauss's rule from kink to kink; one wait in 10^7 is longer than the longest."""
    queue = MD1(rho, 1.0)
    assert queue.wait_cdf(longest) > 1 - 1e-7
    nodes, weights = np.polynomial.legendre.leggauss(8)
    pieces = [weights @ [1.0 - queue.wait_cdf(k + (1.0 + node) / 2.0) for node in nodes] / 2.0 for k in range(longest)]
    assert sum(pieces) == pytest.approx(queue.mean_wait_s, rel=1e-6)


@pytest.mark.parametrize("rho", [0.5, 0.9, 0.95])
def test_md1_distribution_stays_a_distribution_where_floats_would_fail(rho: float) -> None:
    """At t = 60 D and ρ = 0.9 Erlang's terms reach 10^16 and more, yet add up to 1."""
    values = [MD1(rho, 1.0).wait_cdf(t) for t in np.linspace(0.0, 60.0, 121)]
    assert np.all(np.diff(values) >= 0.0)
    assert 0.99 < values[-1] <= 1.0


@pytest.mark.parametrize("p", [0.5, 0.9, 0.99, 0.999])
def test_md1_quantile_inverts_the_distribution(p: float) -> None:
    queue = MD1(90.0, 0.01)
    assert queue.wait_cdf(queue.wait_quantile_s(p)) == pytest.approx(p, abs=1e-9)
    assert queue.response_quantile_s(p) == queue.wait_quantile_s(p) + 0.01
    assert MD1(10.0, 0.01).wait_quantile_s(0.5) == 0.0


def test_md1_tail_decays_at_the_rate_of_its_characteristic_equation() -> None:
    """P(wait > t) ~ C e^{-ηt} with λ(e^{ηD} - 1) = η."""
    queue = MD1(0.8, 1.0)
    eta = math.log((1.0 - queue.wait_cdf(15.0)) / (1.0 - queue.wait_cdf(20.0))) / 5.0
    assert 0.8 * (math.exp(eta) - 1.0) == pytest.approx(eta, rel=1e-5)


def test_dd1_waits_only_in_overload() -> None:
    assert DD1(100.0, 0.01).wait_s(10_000) == pytest.approx(0.0, abs=1e-12)
    assert DD1(50.0, 0.01).response_s(7) == 0.01
    assert DD1(200.0, 0.01).wait_s(100) == pytest.approx(0.5)


def test_two_point_service_by_hand() -> None:
    """90 % at 1 s, 10 % at 11 s: mean 2, second moment 13; λ = 0.25."""
    assert mg1_mean_wait_s(0.25, 2.0, 13.0) == pytest.approx(0.25 * 13.0 / (2.0 * 0.5))


def test_relaxation_is_the_inverse_spectral_gap() -> None:
    """The generator of a truncated M/M/1 chain has its second eigenvalue at -(√μ - √λ)², nearly."""
    arrivals, served, states = 0.49, 1.0, 400
    rates = np.full(states, -(arrivals + served))
    rates[0], rates[-1] = -arrivals, -served
    between = np.full(states - 1, math.sqrt(arrivals * served))  # made symmetric, which keeps the eigenvalues
    gap = -linalg.eigvalsh_tridiagonal(rates, between)[-2]
    assert relaxation_s(arrivals, 1.0 / served) == pytest.approx(1.0 / gap, rel=0.01)
    assert MM1(arrivals, 1.0).relaxation_s == pytest.approx(1.0 / 0.09)


@pytest.mark.parametrize("build", [lambda: MM1(10.0, 0.1), lambda: MD1(11.0, 0.1), lambda: relaxation_s(10.0, 0.1)])
def test_a_queue_without_a_steady_state_is_refused(build: object) -> None:
    with pytest.raises(ValueError, match="no steady state"):
        build()  # type: ignore[operator]


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        MM1(0.0, 0.1)
    with pytest.raises(ValueError, match="positive"):
        DD1(1.0, -0.1)
    with pytest.raises(ValueError, match="second moment"):
        mg1_mean_wait_s(0.1, 2.0, 3.0)
