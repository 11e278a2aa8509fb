"""Named random streams: the same seed and name give the same stream, whatever else is drawn."""

from __future__ import annotations

import hashlib

import numpy as np


def stream(seed: int, *names: object) -> np.random.Generator:
    """Give every path of names a generator of its own, for example the seed 7 with "arrivals", "server", 40.0, 3."""
    path = "/".join(str(name) for name in names)
    words = np.frombuffer(hashlib.sha256(path.encode()).digest(), np.uint32)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *words.tolist()])))
