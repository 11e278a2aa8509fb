"""New and changed items among the requests: which, and when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.errors import ConfigError
from bench.traffic.seeds import stream
from recsys.catalogue import ALWAYS_S
from recsys.data import Dataset
from recsys.types import Positions


@dataclass(frozen=True)
class Ingests:
    """Items that become recommendable, in time order. item int32 [n] (positions), timestamp_s int64 [n]."""

    item: Positions
    timestamp_s: npt.NDArray[np.int64]


NO_INGESTS = Ingests(np.zeros(0, np.int32), np.zeros(0, np.int64))


def draw_ingests(dataset: Dataset, wanted: int, t0_s: int, event_times_s: npt.NDArray[np.int64], seed: int) -> Ingests:
    """Items published from t0 on, each once and at its own time; where these are too few, known items that change.

    event_times_s: of the events that the trace draws, rising, at least one; ingests lie within their span. Of more new
    items than wanted a sample is taken, so that they spread over the whole trace. Changed items are drawn uniformly,
    with replacement, from those known before t0, each at the time of a drawn event. Raises ConfigError when no item was
    known by then.
    """
    published_s = np.array([ALWAYS_S if item.published_s is None else item.published_s for item in dataset.items])
    within = (published_s >= max(t0_s, event_times_s[0])) & (published_s <= event_times_s[-1])
    new = stream(seed, "requests", "new items").permutation(np.flatnonzero(within))[:wanted]
    known = np.flatnonzero(published_s < t0_s)
    n_changed = wanted - len(new)
    if n_changed and not len(known):
        raise ConfigError(
            f"data {dataset.name}: {wanted} ingests wanted, but only {len(new)} items were published while the trace "
            "runs, and none before t0 that could change. Next: lower requests.ingest_share or raise data.train_share"
        )
    generator = stream(seed, "requests", "changed items")
    changed = generator.choice(known, n_changed) if n_changed else known[:0]
    items = np.concatenate([new, changed]).astype(np.int32)
    times_s = np.concatenate([published_s[new], generator.choice(event_times_s, n_changed)])
    order = np.argsort(times_s, kind="stable")
    return Ingests(items[order], times_s[order])
