"""What every load promises, whichever file it stands in."""

import numpy as np
import pytest
from virtual_service import TimedRecommender, lists

from bench.clock import VirtualClock
from bench.errors import ConfigError
from bench.measure.loads import LOADS, Offer
from bench.measure.recorder import Outcome, Recorder
from bench.scenario import LoadTable
from recsys.serving.direct import DirectOptions, DirectServing
from recsys.serving.microbatch import MicrobatchOptions, MicrobatchServing

N = 25


@pytest.fixture(params=LOADS.kinds())
def kind(request):
    return request.param


def table(kind):
    schedule = {"arrivals": {"kind": "constant"}, "rates_per_s": [10.0]} if LOADS.get(kind).open_loop else {}
    return LoadTable.model_validate({"kind": kind, "requests": N} | schedule)


def test_its_kind_is_the_name_of_its_file(kind):
    load = LOADS.get(kind)
    assert load.__module__ == f"{LOADS.package}.{kind}"
    assert len(LOADS.entry(kind).summary) > 20
    assert isinstance(load.open_loop, bool)
    assert isinstance(load.has_latency, bool)
    assert (load.__doc__ or "").strip()


def test_it_takes_a_schedule_exactly_when_it_is_an_open_loop(kind):
    load = LOADS.get(kind)
    load.check(table(kind))
    other = {} if load.open_loop else {"rates_per_s": (1.0,)}
    with pytest.raises(ConfigError, match="Next:"):
        load.check(LoadTable(kind=kind, requests=N, **other))


SERVINGS = (DirectServing(DirectOptions()), MicrobatchServing(MicrobatchOptions(max_requests=4)))


@pytest.mark.parametrize("serving", SERVINGS, ids=["direct", "microbatch"])
def test_every_request_is_due_taken_and_answered_in_this_order(kind, serving):
    clock = VirtualClock()
    clock.wait_until_ns(10_000)
    recorder = Recorder(N, 1, clock)
    intended_ns = np.arange(N, dtype=np.int64) * 7 if LOADS.get(kind).open_loop else None
    inbox = LOADS.get(kind).open(Offer(lists(N), intended_ns, None), clock, recorder)
    serving.serve(inbox, TimedRecommender(clock, [5] * N), recorder)
    assert (recorder.outcomes == Outcome.ANSWERED).all()
    assert recorder.intended_ns.min() >= 10_000
    assert (recorder.intended_ns <= recorder.taken_ns).all()
    assert (recorder.taken_ns + 5 <= recorder.observed_ns()).all()
    assert (np.diff(recorder.taken_ns) >= 0).all(), "oldest first"
    assert inbox.take(1) == []
    assert inbox.poll(1) == []
