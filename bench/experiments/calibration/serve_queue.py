"""A known queue, served by a real inbox: the `fake` encoder is the service.

Nothing of a recommender runs: a request is taken, the encoder waits its service time on the clock, the request is done.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.analysis.known_queue import KnownQueue, Observed
from bench.clock import NS_PER_MS, MonotonicClock
from bench.experiments.calibration.null_system import null_requests
from bench.experiments.calibration.poisson import draw_poisson_ns
from bench.measure.collector import CollectorOff
from bench.measure.recorder import Recorder
from bench.traffic.scheduled import ScheduledInbox
from bench.traffic.seeds import stream
from recsys.encoders import build_encoder
from recsys.encoders.protocol import Encoder
from recsys.serving.protocols import Clock

SERVICE_SPIN_NS = 200_000
"""The last stretch of a service time that is spun."""
TEXT = ""
"""What the encoder is given: one text takes one service time, whichever it is."""


@dataclass(frozen=True, slots=True)
class ServeQueue:
    """Serve a known queue, timed."""

    queue: KnownQueue
    seed: int

    def run(self, clock: MonotonicClock) -> Observed:
        """The inbox waits as the process's clock does; the service sleeps and then spins, however that is."""
        return serve_queue(self.queue, self.seed, clock, MonotonicClock(SERVICE_SPIN_NS))


def serve_queue(queue: KnownQueue, seed: int, inbox_clock: Clock, service_clock: Clock) -> Observed:
    """Serve its requests one by one, on two clocks that show the same time and may wait for it differently."""
    intended_ns = draw_arrivals_ns(queue, seed)
    encoder = build_service(queue, seed, service_clock)
    prepared = encoder.prepare([TEXT])
    recorder = Recorder(queue.requests, 1, inbox_clock)
    with CollectorOff(inbox_clock):
        inbox = ScheduledInbox(null_requests(queue.requests), intended_ns, inbox_clock, recorder)
        while requests := inbox.take(1):
            encoder.forward(prepared)
            inbox.done([requests[0].row], [None])
    return Observed(
        response_ms=(recorder.ended_ns - recorder.intended_ns) / NS_PER_MS,
        service_ms=(recorder.ended_ns - recorder.taken_ns) / NS_PER_MS,
        settled=queue.settled(intended_ns),
    )


def draw_arrivals_ns(queue: KnownQueue, seed: int) -> npt.NDArray[np.int64]:
    """When its requests are due, int64 [requests] ns from the start."""
    return draw_poisson_ns(queue.requests, queue.rate_per_s, stream(seed, "calibrate", "arrivals", queue.name))


def build_service(queue: KnownQueue, seed: int, clock: Clock) -> Encoder:
    """An encoder that takes a service time a text."""
    own_seed = int(stream(seed, "calibrate", "service", queue.name).integers(2**31))
    return build_encoder(
        "fake", threads=1, clock=clock, dim=1, service_ms=queue.service_ms, law=queue.law, seed=own_seed
    )
