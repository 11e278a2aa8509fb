"""Quality of rankings over all eligible users: one protocol, untimed, full ranking.

Global time split: training is before t0, testing from it on. A user is eligible with events on both sides of t0 and at
least one relevant item; relevant are the items of the test events but dislikes, without those met in training when
`exclude_seen`.
Every scorer sees the same users and the same last training items, scores the whole catalogue, and is ranked by
(−score, position); nothing is sampled (Krichene & Rendle 2020).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from recsys.data.dataset import Dataset
from recsys.index.protocol import best
from recsys.quality import RANKING_METRICS, Counts, Hits, PerUser, hits
from recsys.types import Events, Positions

USERS_PER_CHUNK = 256
COLD_USER_EVENTS = 5
"""A user with fewer events before t0 is cold."""
UserRows = npt.NDArray[np.int32]


class Scorer(Protocol):
    """Scores the whole catalogue for some users."""

    def __call__(self, users: UserRows, histories: Sequence[Positions]) -> npt.NDArray[np.float32]:
        """float32 [users, n_items], writable: larger ranks higher. histories: each user's last items, oldest first."""


@dataclass(frozen=True)
class Split:
    """The eligible users of a time split, and what is known of each.

    users int32 [n], rising; histories: their last training items, oldest first, repeats kept; seen: all items they met
    in training; relevant: the items to be found, rising; cold: those of them that nobody met in training. The latter
    four have one array a user. n_training int64 [n]: the user's events in training.
    """

    users: UserRows
    histories: tuple[Positions, ...]
    seen: tuple[Positions, ...]
    relevant: tuple[Positions, ...]
    cold: tuple[Positions, ...]
    n_training: Counts

    def __len__(self) -> int:
        return len(self.users)

    @property
    def n_relevant(self) -> Counts:
        """Number of relevant items, int64 [n]."""
        return np.array([len(wanted) for wanted in self.relevant], np.int64)

    def take(self, rows: Sequence[int] | npt.NDArray[np.intp]) -> Split:
        """The users of these rows, in the order given."""
        return Split(
            self.users[np.asarray(rows, np.intp)],
            tuple(self.histories[row] for row in rows),
            tuple(self.seen[row] for row in rows),
            tuple(self.relevant[row] for row in rows),
            tuple(self.cold[row] for row in rows),
            self.n_training[np.asarray(rows, np.intp)],
        )

    def chunks(self, size: int) -> Iterator[Split]:
        """The users in pieces, in order."""
        for first in range(0, len(self), size):
            yield self.take(range(first, min(first + size, len(self))))


@dataclass(frozen=True)
class Ranked:
    """What one scorer recommended to the users of a split: int32 [n, k], -1 where a list ends, with its hits."""

    recommended: Positions
    found: Hits
    n_relevant: Counts

    def metric(self, name: str, k: int | None = None) -> PerUser:
        """One of `quality.RANKING_METRICS` for each user, float64 [n]; k defaults to the length of the lists."""
        return RANKING_METRICS[name](self.found, self.n_relevant, k or self.recommended.shape[1])

    def by_group(self, split: Split) -> dict[str, Ranked]:
        """What was recommended to all users; to cold users; and, judged by cold items alone, to who sought any.

        split: of the same users.
        """
        few = np.flatnonzero(split.n_training < COLD_USER_EVENTS)
        n_cold = np.array([len(wanted) for wanted in split.cold], np.int64)
        seeking = np.flatnonzero(n_cold)
        sought = [split.cold[row] for row in seeking.tolist()]
        lists = self.recommended[seeking]
        return {
            "all": self,
            "cold_user": Ranked(self.recommended[few], self.found[few], self.n_relevant[few]),
            "cold_item": Ranked(lists, hits(lists, sought), n_cold[seeking]),
        }


@dataclass(frozen=True)
class Evaluation:
    """All scorers on the same users, so that they can be compared user by user."""

    split: Split
    ranked: dict[str, Ranked]


def training_events(dataset: Dataset, train_share: float) -> Events:
    """The events before t0, all that anything may be fitted on."""
    return dataset.events.take(slice(0, int(np.searchsorted(dataset.events.timestamp_s, dataset.split_s(train_share)))))


def cold_users(dataset: Dataset, train_share: float) -> UserRows:
    """The users with fewer than COLD_USER_EVENTS events before t0, or none, int32, rising."""
    n_training = np.bincount(training_events(dataset, train_share).user, minlength=len(dataset.user_ids))
    return np.flatnonzero(n_training < COLD_USER_EVENTS).astype(np.int32)


def split_users(dataset: Dataset, *, train_share: float, history: int, exclude_seen: bool = True) -> Split:
    """The eligible users of a data set. history: how many of their last training events make the profile."""
    grouped = dataset.by_user
    training = training_events(dataset, train_share)
    n_training = np.bincount(training.user, minlength=len(dataset.user_ids))
    unseen = np.bincount(training.item, minlength=len(dataset.items)) == 0
    starts, ends = grouped.offsets[:-1], grouped.offsets[1:]
    eligible = np.flatnonzero((n_training > 0) & (starts + n_training < ends))
    rows: list[tuple[int, Positions, Positions, Positions]] = []
    for user in eligible.tolist():
        cut = starts[user] + n_training[user]
        before, after = grouped.events.item[starts[user] : cut], grouped.events.take(slice(cut, ends[user])).wanted
        seen = np.unique(before)
        relevant = np.setdiff1d(after, seen) if exclude_seen else np.unique(after)
        if len(relevant):
            rows.append((user, before[-history:], seen, relevant))
    users = np.array([user for user, *_ in rows], np.int32)
    return Split(
        users,
        histories=tuple(row[1] for row in rows),
        seen=tuple(row[2] for row in rows),
        relevant=tuple(row[3] for row in rows),
        cold=tuple(row[3][unseen[row[3]]] for row in rows),
        n_training=n_training[users],
    )


def evaluate_split(split: Split, scorers: Mapping[str, Scorer], *, k: int, exclude_seen: bool = True) -> Evaluation:
    """Rank the catalogue for every user of the split with every scorer."""
    return Evaluation(split, {name: _rank(split, scorer, k, exclude_seen) for name, scorer in scorers.items()})


def evaluate(
    dataset: Dataset,
    scorers: Mapping[str, Scorer],
    *,
    train_share: float = 0.8,
    history: int = 10,
    k: int = 10,
    exclude_seen: bool = True,
) -> Evaluation:
    """Split the data set's users and rank the catalogue for all of them with every scorer."""
    split = split_users(dataset, train_share=train_share, history=history, exclude_seen=exclude_seen)
    return evaluate_split(split, scorers, k=k, exclude_seen=exclude_seen)


def _rank(split: Split, scorer: Scorer, k: int, exclude_seen: bool) -> Ranked:
    nothing = np.zeros(0, np.int32)
    recommended = np.full((len(split), k), -1, np.int32)
    row = 0
    for chunk in split.chunks(USERS_PER_CHUNK):
        for scores, seen in zip(scorer(chunk.users, chunk.histories), chunk.seen, strict=True):
            found = best(scores, k, seen if exclude_seen else nothing).positions
            recommended[row, : len(found)] = found
            row += 1
    return Ranked(recommended, hits(recommended, split.relevant), split.n_relevant)
