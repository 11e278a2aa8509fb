"""How often the same user asks again: the laws by which events are drawn for a trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from bench.scenario import RequestsTable
from recsys.data import Dataset

Rows = npt.NDArray[np.int64]
"""Rows of the data's events."""
Law = Callable[["EligibleEvents", int, np.random.Generator, RequestsTable], Rows]
"""(what can be drawn, how many are wanted, the random stream, [requests]) → int64 [wanted]."""


@dataclass(frozen=True)
class EligibleEvents:
    """The events that a trace can ask for: those from t0 on of users who have an event before it.

    rows int64 [n], rising. by_user: the same rows, user after user; those of the u-th user are
    by_user[starts[u] : starts[u] + counts[u]].
    """

    rows: Rows
    by_user: Rows
    starts: Rows
    counts: Rows

    @classmethod
    def of(cls, dataset: Dataset, t0_s: int) -> EligibleEvents:
        """The eligible events of a data set."""
        events = dataset.events
        has_history = np.zeros(len(dataset.user_ids), bool)
        has_history[events.user[events.timestamp_s < t0_s]] = True
        rows = np.flatnonzero((events.timestamp_s >= t0_s) & has_history[events.user])
        by_user = rows[np.argsort(events.user[rows], kind="stable")]
        starts, counts = np.unique(events.user[by_user], return_index=True, return_counts=True)[1:]
        return cls(rows, by_user, starts, counts)

    @property
    def n_users(self) -> int:
        """Users who can be asked for."""
        return len(self.counts)

    def at_most(self, repeat: str) -> int | None:
        """How many requests a law can draw; None = any number, as long as there is one user."""
        return {"none": len(self.rows), "unique": self.n_users}.get(repeat, None if self.n_users else 0)

    def events_of(self, users: Rows, generator: np.random.Generator) -> Rows:
        """One event of each of these users, each of the user's events as likely as the others."""
        rows: Rows = self.by_user[self.starts[users] + generator.integers(0, self.counts[users])]
        return rows


def _each_event_once(eligible: EligibleEvents, wanted: int, generator: np.random.Generator, _: RequestsTable) -> Rows:
    rows: Rows = generator.choice(eligible.rows, wanted, replace=False)
    return rows


def _busy_users_again(
    eligible: EligibleEvents, wanted: int, generator: np.random.Generator, table: RequestsTable
) -> Rows:
    by_activity = np.argsort(-eligible.counts, kind="stable")
    weights = np.arange(1, eligible.n_users + 1) ** -table.zipf_s
    ranks = generator.choice(eligible.n_users, wanted, p=weights / weights.sum())
    return eligible.events_of(by_activity[ranks], generator)


def _each_user_once(eligible: EligibleEvents, wanted: int, generator: np.random.Generator, _: RequestsTable) -> Rows:
    return eligible.events_of(generator.choice(eligible.n_users, wanted, replace=False), generator)


def _one_user(eligible: EligibleEvents, wanted: int, generator: np.random.Generator, _: RequestsTable) -> Rows:
    return eligible.events_of(np.full(wanted, generator.integers(eligible.n_users)), generator)


LAWS: Mapping[str, Law] = MappingProxyType(
    {"none": _each_event_once, "zipf": _busy_users_again, "unique": _each_user_once, "same": _one_user}
)
"""`requests.repeat` → law.

none: events uniformly, each at most once, so users as often as the data has them. zipf: with replacement; the user of
rank r asks with a probability proportional to r^−zipf_s, users ranked by their eligible events, the busiest first (ties
by position). unique: no user asks twice. same: one user, drawn by the seed, asks all the time. Under the last three an
event is one of that user's, each as likely; under zipf and same it can come again. unique and same are the cache audit
of MLPerf's compliance tests (TEST04): an arm that is much faster under "same" answers from memory.
"""
