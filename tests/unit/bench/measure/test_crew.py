"""Several workers of one arm: real threads on the real clock, one catalogue, an encoder each."""

import numpy as np
import pytest
from small_data import make_dataset
from small_recommender import make_scenario

from bench.clock import MonotonicClock
from bench.measure.arm import build_arm
from bench.measure.crew import Member, serve_together
from bench.measure.recorder import Outcome, Recorder
from bench.scenario import ArmTable
from bench.traffic.scheduled import ScheduledInbox
from recsys.types import Request, RequestKind

N = 60


def crew_of(workers, placement="profile", **arm):
    table = {"name": "a", "encoder": {"kind": "fake", "service_ms": 2.0}, "placement": placement, "workers": workers}
    scenario, clock = make_scenario(table | arm), MonotonicClock(spin_ns=0)
    built = build_arm(scenario, ArmTable.model_validate(table | arm), make_dataset(), clock)
    built.recommender.rewind(10**9)
    return built, clock


def served(workers, requests, **arm):
    built, clock = crew_of(workers, **arm)
    recorder = Recorder(len(requests), 10, clock)
    start_ns = clock.now_ns()
    inbox = ScheduledInbox(requests, np.zeros(len(requests), np.int64), clock, recorder)
    serve_together(built.crew, inbox, recorder)
    return recorder, clock.now_ns() - start_ns, built


def lists(n=N):
    return [Request(row, RequestKind.RECOMMEND, row % 12, 10**9) for row in range(n)]


def test_two_workers_give_the_lists_of_one_in_less_time():
    alone, alone_ns, _ = served(1, lists())
    together, together_ns, _ = served(2, lists())
    assert (together.outcomes == Outcome.ANSWERED).all()
    assert (together.recommended == alone.recommended).all()
    assert together_ns < 0.8 * alone_ns, "the fake encoder waits, so two wait at once"


@pytest.mark.parametrize("placement", ["profile", "offline", "items"])
def test_workers_have_encoders_of_their_own_and_share_everything_else(placement):
    built, _ = crew_of(3, placement, cache={"capacity_mb": 1})
    parts = [member.recommender.parts for member in built.crew]
    assert len({id(part.encoder) for part in parts}) == 3
    assert len({id(part.placement) for part in parts}) == 3
    for name in ("catalogue", "index", "profiles", "ranker"):
        assert len({id(getattr(part, name)) for part in parts}) == 1
    assert {id(part.encoder.store) for part in parts} == {id(built.cache)}


def test_what_one_worker_applies_the_other_sees():
    built, _ = crew_of(2, "offline")
    first, second = (member.recommender for member in built.crew)
    before = second.recommend([Request(0, RequestKind.RECOMMEND, 0, 10**9)])[0]
    met = int(before.positions[0])
    first.feed_back(Request(1, RequestKind.FEEDBACK, 0, 10**9, met), Recorder(2, 10, MonotonicClock()))
    after = second.recommend([Request(0, RequestKind.RECOMMEND, 0, 10**9)])[0]
    assert met not in after.positions.tolist(), "what was met is left out"


class Broken:
    def serve(self, inbox, recommender, tracer):
        inbox.take(1)
        raise RuntimeError("broken")


def test_what_breaks_a_worker_reaches_the_caller_and_nobody_hangs():
    built, clock = crew_of(2)
    recorder = Recorder(N, 10, clock)
    inbox = ScheduledInbox(lists(), np.zeros(N, np.int64), clock, recorder)
    with pytest.raises(RuntimeError, match="broken"):
        serve_together([built.crew[0], Member(Broken(), built.crew[1].recommender)], inbox, recorder)
