"""What a known queue must show on a machine that disturbs nothing, and clocks that do disturb."""

from __future__ import annotations

import numpy as np

from bench.analysis.known_queue import KnownQueue, Observed
from bench.clock import NS_PER_MS, VirtualClock
from bench.experiments.calibration.serve_queue import draw_arrivals_ns
from bench.traffic.seeds import stream


class SlowWaker:
    """Shows the time of another clock, and sleeps past every deadline by the same time."""

    def __init__(self, clock: VirtualClock, oversleeps_ns: int) -> None:
        self._clock = clock
        self._oversleeps_ns = oversleeps_ns
        self.now_ns = clock.now_ns

    def wait_until_ns(self, deadline_ns: int) -> None:
        if deadline_ns > self.now_ns():
            self._clock.wait_until_ns(deadline_ns + self._oversleeps_ns)


def by_lindley(queue: KnownQueue, seed: int) -> Observed:
    """Its response times by Lindley's recursion: the walk's distance to its lowest point so far, in whole ns."""
    intended_ns = draw_arrivals_ns(queue, seed)
    service_ns = _service_ns(queue, seed)
    walk = np.concatenate(([0], np.cumsum(service_ns[:-1] - np.diff(intended_ns))))
    response_ns = walk - np.minimum.accumulate(walk) + service_ns
    return Observed(response_ns / NS_PER_MS, service_ns / NS_PER_MS, queue.settled(intended_ns))


def _service_ns(queue: KnownQueue, seed: int) -> np.ndarray:
    """As the encoder draws them."""
    mean_ns = queue.service_ms * NS_PER_MS
    if queue.law == "fixed":
        return np.full(queue.requests, round(mean_ns))
    generator = np.random.default_rng(int(stream(seed, "calibrate", "service", queue.name).integers(2**31)))
    return np.rint(generator.exponential(mean_ns, queue.requests)).astype(np.int64)
