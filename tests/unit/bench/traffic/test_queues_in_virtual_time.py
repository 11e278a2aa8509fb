"""Inbox, serving and recorder together against queueing theory, on a clock that no machine can disturb."""

import numpy as np
import pytest
from small_data import make_dataset
from virtual_service import NS_PER_MS, TimedRecommender, lists, response_ns, serve_timed

from bench.analysis.stats.quantile import quantile
from bench.analysis.stats.queueing import DD1, MD1, MM1
from bench.clock import NS_PER_S, VirtualClock
from bench.measure.arm import build_arm
from bench.measure.recorder import Recorder
from bench.scenario import ArmTable, Scenario
from bench.traffic.arrivals import ARRIVALS, Stretch
from bench.traffic.scheduled import Limits, ScheduledInbox
from bench.traffic.seeds import stream
from recsys.serving.direct import DirectOptions, DirectServing
from recsys.serving.microbatch import MicrobatchOptions
from recsys.types import Request, RequestKind

SERVICE_MS = 5
SERVICE_NS = SERVICE_MS * NS_PER_MS
SERVICE_S = SERVICE_MS / 1000
ONE_BY_ONE = MicrobatchOptions(max_requests=1)


def arrivals_ns(kind, n, rate_per_s, seed=0):
    process = ARRIVALS.get(kind)
    return process(process.Options()).intended_ns(Stretch(n, rate_per_s, stream(seed, kind)))


def assert_mean(values_ns, expected_s):
    """The mean within four standard errors of batch means, and those errors small enough to tell something."""
    settled = values_ns[len(values_ns) // 20 :] / NS_PER_S
    batches = np.array([batch.mean() for batch in np.array_split(settled, 30)])
    error_s = batches.std(ddof=1) / np.sqrt(len(batches))
    assert error_s < 0.06 * expected_s
    assert abs(settled.mean() - expected_s) < 4 * error_s


@pytest.mark.parametrize("serving", [None, ONE_BY_ONE], ids=["direct", "microbatch"])
@pytest.mark.parametrize("rho", [0.5, 1.0, 1.25])
def test_dd1_exactly(rho, serving):
    intended_ns = arrivals_ns("constant", 300, rho / SERVICE_S)
    queue = DD1(rho / SERVICE_S, SERVICE_S)
    expected_ns = [round(queue.response_s(position) * NS_PER_S) for position in range(300)]
    assert response_ns(serve_timed(intended_ns, [SERVICE_NS] * 300, serving)).tolist() == expected_ns


def test_dd1_exactly_with_the_whole_recommender():
    """Clean to respond with a real index and ranker, and an encoder that waits 5 ms on the clock."""
    dataset, clock = make_dataset(), VirtualClock()
    arm = ArmTable.model_validate({"name": "fake", "encoder": {"kind": "fake", "service_ms": SERVICE_MS}})
    scenario = Scenario.model_validate(
        {
            "name": "virtual",
            "question": "?",
            "data": {"kind": "embedded"},
            "load": [{"kind": "offline", "requests": 1}],
            "arm": [arm.model_dump()],
        }
    )
    recommender = build_arm(scenario, arm, dataset, clock).recommender
    recommender.parts.profiles.rewind(10**9)
    requests = [Request(row, RequestKind.RECOMMEND, row % 12, 10**9) for row in range(200)]
    recorder = Recorder(200, 10, clock)
    inbox = ScheduledInbox(requests, arrivals_ns("constant", 200, 250.0), clock, recorder)
    DirectServing(DirectOptions()).serve(inbox, recommender, recorder)
    queue = DD1(250.0, SERVICE_S)
    assert response_ns(recorder).tolist() == [round(queue.response_s(row) * NS_PER_S) for row in range(200)]
    recorder.close(0)
    ends_ns = recorder.marks_ns
    assert (ends_ns["encode"] - ends_ns["batch_wait"] == SERVICE_NS).all()
    assert (recorder.recommended >= 0).all()


@pytest.mark.parametrize("serving", [None, ONE_BY_ONE], ids=["direct", "microbatch"])
@pytest.mark.parametrize("rho", [0.5, 0.8])
def test_md1_mean_response(rho, serving):
    n = 20_000
    recorder = serve_timed(arrivals_ns("poisson", n, rho / SERVICE_S), [SERVICE_NS] * n, serving)
    assert_mean(response_ns(recorder), MD1(rho / SERVICE_S, SERVICE_S).mean_response_s)


@pytest.mark.parametrize("rho", [0.5, 0.8])
def test_mm1_mean_response(rho):
    n = 40_000
    service_ns = np.rint(stream(1, "service").exponential(SERVICE_NS, n)).astype(np.int64)
    recorder = serve_timed(arrivals_ns("poisson", n, rho / SERVICE_S), service_ns)
    assert_mean(response_ns(recorder), MM1(rho / SERVICE_S, SERVICE_S).mean_response_s)


def test_what_came_meanwhile_goes_together():
    """Bulk service: 4 ms a batch, a request a ms: the first leaves alone, then four are always due."""
    recorder = serve_timed(
        arrivals_ns("constant", 41, 1000.0), [4 * NS_PER_MS] * 41, MicrobatchOptions(max_requests=32)
    )
    _, sizes = np.unique(recorder.ended_ns, return_counts=True)
    assert sizes.tolist() == [1] + [4] * 10
    assert response_ns(recorder)[1:5].tolist() == [milliseconds * NS_PER_MS for milliseconds in (7, 6, 5, 4)]


def test_a_stall_moves_p99_by_what_it_does_to_users_and_from_send_times_hide_it():
    """D/D/1, 10 ms gaps, 5 ms service, one stall of 1 s: request j behind it waits S − j · (10 − 5) ms longer.

    The eleventh largest of 1,000 response times, their p99, is that of j = 10: 5 + 1000 − 10 · 5 = 955 ms.
    """
    n, stalled = 1000, 300
    intended_ns = arrivals_ns("constant", n, 100.0)
    service_ns = np.full(n, SERVICE_NS)
    smooth = serve_timed(intended_ns, service_ns)
    service_ns[stalled] += NS_PER_S
    stall = serve_timed(intended_ns, service_ns)

    assert quantile(response_ns(smooth), 0.99) == SERVICE_NS
    assert quantile(response_ns(stall), 0.99) == 955 * NS_PER_MS
    behind = np.arange(n - stalled)
    expected_ns = SERVICE_NS + np.maximum(NS_PER_S - behind * SERVICE_NS, 0)
    assert response_ns(stall)[stalled:].tolist() == expected_ns.tolist()

    from_send_ns = serve_from_send(intended_ns, service_ns)
    assert quantile(from_send_ns, 0.99) == SERVICE_NS, "one slow request in a thousand is all that such a timer sees"


def serve_from_send(intended_ns, service_ns):
    """The common mistake: send a request when the last is done, however late that is, and time it from there."""
    clock = VirtualClock()
    recommender = TimedRecommender(clock, list(service_ns))
    measured_ns = []
    for request, due_ns in zip(lists(len(intended_ns)), intended_ns.tolist(), strict=True):
        clock.wait_until_ns(due_ns)
        sent_ns = clock.now_ns()
        recommender.recommend([request])
        measured_ns.append(clock.now_ns() - sent_ns)
    return np.array(measured_ns)


def test_an_overloaded_queue_with_a_limit_gives_up_what_waited_too_long_and_serves_the_rest_in_time():
    """Twice the rate that 5 ms allow, 20 ms patience: half is answered, none after patience and service."""
    patience = Limits(timeout_ns=20 * NS_PER_MS)
    recorder = serve_timed(arrivals_ns("constant", 400, 400.0), [SERVICE_NS] * 400, limits=patience)
    answered = recorder.outcomes == 1
    assert set(recorder.outcomes.tolist()) == {1, 2}
    assert 190 <= answered.sum() <= 215
    assert response_ns(recorder)[answered].max() <= 25 * NS_PER_MS
    assert (response_ns(recorder)[~answered] == 20 * NS_PER_MS).all()
