"""The request trace: who asks and who reports back, drawn from the data's own events after t0, in time order.

Each sampled event becomes one request: either the list that its user asks for just before it, or the feedback that
reports it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.errors import ConfigError
from bench.scenario import Scenario
from bench.traffic.seeds import stream
from recsys.data import Dataset
from recsys.types import EventKind, Request, RequestKind


@dataclass(frozen=True)
class Trace:
    """The requests of a whole run, in time order. events: rows of the data's events; feedback bool [n]."""

    events: npt.NDArray[np.int64]
    feedback: npt.NDArray[np.bool_]
    dataset: Dataset

    @property
    def sha256(self) -> str:
        """Hash of which events are asked for and which are reported."""
        content = self.events.astype("<i8").tobytes() + self.feedback.astype("u1").tobytes()
        return hashlib.sha256(content).hexdigest()

    def requests(self, low: int, high: int) -> list[Request]:
        """The requests of rows low … high - 1, numbered from 0."""
        events = self.dataset.events.take(self.events[low:high])
        columns = (events.user.tolist(), events.timestamp_s.tolist(), events.item.tolist(), events.kind.tolist())
        return [
            Request(row, RequestKind.FEEDBACK, user, timestamp_s, item, EventKind(kind))
            if reports
            else Request(row, RequestKind.RECOMMEND, user, timestamp_s)
            for row, (user, timestamp_s, item, kind, reports) in enumerate(
                zip(*columns, self.feedback[low:high].tolist(), strict=True)
            )
        ]


def draw_trace(scenario: Scenario, dataset: Dataset, wanted: int) -> Trace:
    """Sample events after t0 of users who have a history before it. Raises ConfigError when there are too few."""
    eligible = _eligible_events(dataset, dataset.split_s(scenario.data.train_share))
    if wanted > len(eligible):
        raise ConfigError(
            f"scenario {scenario.name}: {wanted} requests wanted, but data {dataset.name} has {len(eligible)} events "
            "after t0 of users with a history. Next: lower load.….requests or data.train_share, or take larger data"
        )
    generator = stream(scenario.seed, "requests")
    events = np.sort(generator.choice(eligible, wanted, replace=False))
    feedback = np.zeros(wanted, bool)
    n_feedback = round(scenario.requests.feedback_share * wanted)
    feedback[generator.choice(wanted, n_feedback, replace=False)] = True
    return Trace(events, feedback, dataset)


def _eligible_events(dataset: Dataset, t0_s: int) -> npt.NDArray[np.int64]:
    """Rows of events from t0 on, of users with an event before it."""
    events = dataset.events
    has_history = np.zeros(len(dataset.user_ids), bool)
    has_history[events.user[events.timestamp_s < t0_s]] = True
    return np.flatnonzero((events.timestamp_s >= t0_s) & has_history[events.user])
