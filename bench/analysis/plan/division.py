"""What one of several replicas sees of the arrivals when users are dealt out among them by a hash."""

from __future__ import annotations

import numpy as np

from bench.analysis.plan.prediction import Draw
from bench.analysis.plan.queue import Ns

MOST_PARTS = 32
"""Of more the shape hardly changes: gaps of CV 3 have 1.12 here, and would have 1 among infinitely many."""


def divided(draw: Draw, replicas: int) -> Draw:
    """The arrivals of one of so many replicas, at its own rate: each of the whole stream falls to it by chance.

    So bursts are smoothed and a constant rate is roughened: gaps whose squared CV is c² have 1 + (c² − 1) / N, and a
    Poisson process stays one. About as many come as are asked for. One of more replicas than MOST_PARTS is given what
    one of MOST_PARTS has; a recording too short to be divided is replayed as it is.
    """
    parts = min(replicas, MOST_PARTS)
    if parts == 1:
        return draw

    def own(n: int, rate_per_s: float, number: int) -> Ns:
        whole_ns = draw(n * parts, rate_per_s * parts, number)
        if len(whole_ns) < n * parts:
            return draw(n, rate_per_s, number)
        mine = np.random.default_rng([parts, number]).random(len(whole_ns)) < 1 / parts
        return whole_ns[mine]

    return own
