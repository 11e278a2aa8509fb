"""The plan's queue against theory, and against the real serving code in virtual time."""

import numpy as np
import pytest
from plan_samples import EXPONENTIAL, FIXED, SERVICE_MS, SERVICE_S, poisson, times
from virtual_service import serve_timed

from bench.analysis.plan.observations import ServedBlock, observe
from bench.analysis.plan.prediction import Effort, Replica, predict
from bench.analysis.plan.queue import BatchLimits, simulate
from bench.analysis.stats.queueing import MD1, MM1
from recsys.serving.batch_choice import nearest_in_length
from recsys.serving.microbatch import MicrobatchOptions

SERVICE_NS = round(SERVICE_MS * 1e6)
LONG = Effort(requests=40_000, repetitions=8)


def lists(n):
    return np.zeros(n, np.int8)


@pytest.mark.parametrize("rho", [0.5, 0.8])
@pytest.mark.parametrize(("law", "theory"), [(FIXED, MD1), (EXPONENTIAL, MM1)], ids=["M/D/1", "M/M/1"])
def test_p99_is_that_of_theory(law, theory, rho):
    queue = theory(rho / SERVICE_S, SERVICE_S)
    told = predict(Replica(times(law)), poisson, rho / SERVICE_S, 0.99, LONG)
    for p, found in ((0.5, told.p50_ms), (0.99, told.tail_ms)):
        half_ms = found.high - found.point
        assert half_ms < 0.1 * found.point
        assert abs(found.point - 1000 * queue.response_quantile_s(p)) < 2 * half_ms


@pytest.mark.parametrize("rho", [0.5, 1.0, 1.25])
def test_dd1_exactly(rho):
    intended_ns = np.arange(1, 301) * round(SERVICE_NS / rho)
    rng = np.random.default_rng(0)
    response_ns = simulate(intended_ns, lists(300), times(FIXED), BatchLimits(), 1, rng)
    growth_ns = max(0, SERVICE_NS - round(SERVICE_NS / rho))
    assert response_ns.tolist() == [SERVICE_NS + growth_ns * place for place in range(300)]


def erlang_c(servers, load):
    """Probability that a request waits in M/M/c (Erlang 1917). load: arrival rate × service time."""
    terms = [1.0]
    for place in range(1, servers + 1):
        terms.append(terms[-1] * load / place)
    last = terms[-1] / (1 - load / servers)
    return last / (sum(terms[:-1]) + last)


def test_two_servers_of_one_queue_wait_as_mm2_does():
    """M/M/2 at ρ = 0.8: P(wait > t) = C · exp(−(2μ − λ)t), so the mean wait is C / (2μ − λ)."""
    rate_per_s = 2 * 0.8 / SERVICE_S
    waits_s = []
    for number in range(8):
        rng = np.random.default_rng(number)
        response_ns = simulate(
            poisson(40_000, rate_per_s, number), lists(40_000), times(EXPONENTIAL), BatchLimits(), 2, rng
        )
        waits_s.append(response_ns[8_000:].mean() / 1e9 - SERVICE_S)
    expected_s = erlang_c(2, 1.6) / (2 / SERVICE_S - rate_per_s)
    error_s = np.std(waits_s, ddof=1) / np.sqrt(len(waits_s))
    assert error_s < 0.05 * expected_s
    assert abs(np.mean(waits_s) - expected_s) < 4 * error_s


def test_two_replicas_behave_as_one_at_half_the_rate():
    """A Poisson process divided at random is two Poisson processes: each replica is an M/D/1 of its own."""
    rate_per_s = 2 * 0.8 / SERVICE_S
    intended_ns = poisson(200_000, rate_per_s, 1)
    first = np.random.default_rng(5).random(200_000) < 0.5
    rng = np.random.default_rng(0)
    own = [
        simulate(intended_ns[part], lists(part.sum()), times(FIXED), BatchLimits(), 1, rng) for part in (first, ~first)
    ]
    p99_s = np.quantile(np.concatenate([each[len(each) // 5 :] for each in own]), 0.99) / 1e9
    assert p99_s == pytest.approx(MD1(0.8 / SERVICE_S, SERVICE_S).response_quantile_s(0.99), rel=0.12)


LIMITS = {
    "one by one": (MicrobatchOptions(max_requests=1), BatchLimits()),
    "batches": (MicrobatchOptions(max_requests=8), BatchLimits(8)),
    "a small budget": (MicrobatchOptions(max_requests=8, max_tokens=3), BatchLimits(8, 3)),
    "a wait": (MicrobatchOptions(max_requests=8, max_wait_ms=4), BatchLimits(8, max_wait_ns=4_000_000)),
    "like lengths": (
        MicrobatchOptions(max_requests=8, max_tokens=3, group_by_length=True),
        BatchLimits(8, 3, choose=nearest_in_length, gathers=True),
    ),
}


@pytest.mark.parametrize("rho", [0.5, 1.5])
@pytest.mark.parametrize("name", LIMITS)
def test_batches_leave_as_the_real_micro_batcher_lets_them(name, rho):
    """Every single response time, at a load where batches are small and at one where they are full."""
    real, limits = LIMITS[name]
    intended_ns = poisson(600, rho / SERVICE_S, 2)
    recorder = serve_timed(intended_ns, [SERVICE_NS] * 600, real)
    response_ns = simulate(intended_ns, lists(600), times(FIXED, more=8), limits, 1, np.random.default_rng(0))
    assert response_ns.tolist() == (recorder.ended_ns - recorder.intended_ns).tolist()


@pytest.mark.parametrize("wait_ms", [0.0, 4.0, 9.0])
@pytest.mark.parametrize("max_tokens", [2048, 3], ids=["all together", "some carried over"])
def test_what_the_stamps_say_of_batches_is_what_was_planted(wait_ms, max_tokens):
    """Each batch takes 5 ms, waiting for a fuller one left out; who is carried over was taken before it began."""
    intended_ns = poisson(600, 1.5 / SERVICE_S, 2)
    options = MicrobatchOptions(max_requests=8, max_tokens=max_tokens, max_wait_ms=wait_ms)
    recorder = serve_timed(intended_ns, [SERVICE_NS] * 600, options)
    recorder.close(0)
    marks = recorder.marks_ns
    block = ServedBlock(
        recorder.intended_ns, recorder.taken_ns, marks["prepare"], marks["batch_wait"], recorder.ended_ns,
        lists(600), np.ones(600, np.int32), round(wait_ms * 1e6),
    )  # fmt: skip
    seen = observe(block)
    assert seen.members.sum() == 600
    assert seen.members.max() > 1
    assert (seen.service_ns == SERVICE_NS).all()
    assert 0 < seen.after_idle.sum() < len(seen.after_idle)
    assert (observe(block, servers=2).service_ns == SERVICE_NS).all()
