"""What every load promises, whichever file it stands in."""

import numpy as np
import pytest
from virtual_service import TimedRecommender, lists

from bench.clock import VirtualClock
from bench.errors import ConfigError
from bench.measure.loads import LOADS, Offer, check_load
from bench.measure.recorder import Outcome, Recorder
from bench.scenario import LoadTable
from recsys.serving.direct import DirectOptions, DirectServing
from recsys.serving.microbatch import MicrobatchOptions, MicrobatchServing

N = 25


@pytest.fixture(params=LOADS.kinds())
def kind(request):
    return request.param


EXAMPLES = {
    "server": {"arrivals": {"kind": "constant"}, "rates_per_s": [10.0]},
    "multi_stream": {"requests_per_query": 4},
    "closed": {"clients": 3, "think_ms": 1e-6},
}
"""Keys that a kind cannot do without."""


def table(kind, **keys):
    return LoadTable.model_validate({"kind": kind, "requests": N} | EXAMPLES.get(kind, {}) | keys)


def test_its_kind_is_the_name_of_its_file(kind):
    load = LOADS.get(kind)
    assert load.__module__ == f"{LOADS.package}.{kind}"
    assert len(LOADS.entry(kind).summary) > 20
    assert isinstance(load.open_loop, bool)
    assert isinstance(load.has_latency, bool)
    assert (load.__doc__ or "").strip()


def test_it_takes_its_own_keys_and_no_others(kind):
    check_load(table(kind))
    load = LOADS.get(kind)
    values = {"rates_per_s": [1.0], "timeout_ms": 5.0, "queue_limit": 9, "clients": 2, "requests_per_query": 2}
    for key in set(values) - set(load.KEYS):
        with pytest.raises(ConfigError, match=f"{key} has no meaning.*Known:.*Next:"):
            check_load(table(kind, **{key: values[key]}))


def test_what_it_cannot_do_without_is_asked_for(kind):
    if kind in EXAMPLES:
        with pytest.raises(ConfigError, match="missing.*Next:"):
            check_load(LoadTable(kind=kind, requests=N))


SERVINGS = (DirectServing(DirectOptions()), MicrobatchServing(MicrobatchOptions(max_requests=4)))


@pytest.mark.parametrize("serving", SERVINGS, ids=["direct", "microbatch"])
def test_every_request_is_due_taken_and_answered_in_this_order(kind, serving):
    clock = VirtualClock()
    clock.wait_until_ns(10_000)
    recorder = Recorder(N, 1, clock)
    intended_ns = np.arange(N, dtype=np.int64) * 7 if LOADS.get(kind).open_loop else None
    inbox = LOADS.get(kind).open(Offer(table(kind), lists(N), intended_ns), clock, recorder)
    serving.serve(inbox, TimedRecommender(clock, [5] * N), recorder)
    assert (recorder.outcomes == Outcome.ANSWERED).all()
    assert recorder.intended_ns.min() >= 10_000
    assert (recorder.intended_ns <= recorder.taken_ns).all()
    assert (recorder.taken_ns + 5 <= recorder.ended_ns).all()
    assert (np.diff(recorder.taken_ns) >= 0).all(), "oldest first"
    assert inbox.take(1) == []
    assert inbox.poll(1) == []
