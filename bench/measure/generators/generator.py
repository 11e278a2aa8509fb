"""One generator of several: a client in a process of its own, with its own connections, trace and clock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.clock import MonotonicClock, sharpen_sleep
from bench.measure.assignment import Assignment, read_trace
from bench.measure.collector import CollectorOff
from bench.measure.generators.portion import Portion, client_recorder, portion_of
from bench.measure.generators.split import SharedOut
from bench.measure.loads import LOADS, Offer
from bench.measure.noise import noisy_trace
from bench.measure.targets import TARGETS, Client, Setting, check_target, kind_of
from bench.scenario import LoadTable


class LateStart(Exception):
    """A generator was told of the start when the first request was due already: what it measures would be its own."""


@dataclass(frozen=True)
class Share:
    """A generator's part of a block. low, high: the whole block's rows of the trace; places: of its requests in it.

    intended_ns int64 [m]: of those, from the block's start.
    """

    low: int
    high: int
    places: npt.NDArray[np.int64]
    table: LoadTable
    intended_ns: npt.NDArray[np.int64]


class Generator:
    """It never spins: several on one machine would take each other's cores, and the system's. Sharp sleeps alone."""

    def __init__(self) -> None:
        self._clock = MonotonicClock(spin_ns=0)
        self._client: Client | None = None

    def join(self, assignment: Assignment, url: str) -> str:
        """Read the requests, and be the client of what answers there. Returns the requests' hash."""
        sharpen_sleep()
        scenario, arm = assignment.scenario, assignment.arm
        self._k = scenario.requests.k
        plain = read_trace(assignment)
        self._trace = noisy_trace(scenario, arm, plain)
        setting = Setting(scenario, arm, self._trace, assignment.data_dirs, self._clock)
        self._client = TARGETS.get(kind_of(arm)).CLIENT(check_target(arm), setting, url)
        return plain.sha256

    def now_ns(self) -> int:
        """Its clock."""
        return self._clock.now_ns()

    def prepare(self, share: Share) -> None:
        """Know what was known before the block, and be connected. Raises NotConnected."""
        assert self._client is not None
        requests = self._trace.requests(share.low, share.high)
        self._client.rewind(requests[0])
        self._client.connect()
        self._share = share
        self._requests = SharedOut(requests, share.places)

    def serve(self, start_ns: int) -> Portion:
        """Offer its part of the block, which starts at this time of its own clock. Raises LateStart."""
        assert self._client is not None
        share, requests = self._share, self._requests
        recorder = client_recorder(len(requests), self._k, self._clock)
        offer = Offer(share.table, requests, share.intended_ns, start_ns=start_ns)
        with CollectorOff(self._clock):
            inbox = LOADS.get(share.table.kind).open(offer, self._clock, recorder)
            if len(requests) and self._clock.now_ns() > recorder.intended_ns[0]:
                raise LateStart(
                    "it was told of the start too late. Next: let less run beside it, or more time to be told in "
                    "(--engine-set lead_ms=2000)"
                )
            told = self._client.serve(inbox, recorder)
        return portion_of(recorder, share.places, told)


__all__ = ["Generator", "LateStart", "Share"]
