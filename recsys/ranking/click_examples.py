"""What users chose before t0, each choice beside items that they did not: what a ranker is trained on.

An example is an event of training: the profile as it was just before, the item, and negatives drawn evenly from the
items that the catalogue had by then and the user had not met. Nothing of an example knows of its own event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recsys.features.profile import Profile, ProfileStore
from recsys.ranking.protocol import Material
from recsys.types import EventKind, Positions, Vectors
from recsys.vectors import weighted_means

WANTED = frozenset({EventKind.CLICK, EventKind.PURCHASE, EventKind.RATING})
"""The events by which a user chooses an item."""


@dataclass(frozen=True)
class ClickExamples:
    """Columns of equal length, in time order.

    rows int64 [n]: of the events in training; users int32 [n]; profiles: before the event. items int32
    [n, 1 + negatives]: the chosen one first.
    """

    rows: npt.NDArray[np.int64]
    users: npt.NDArray[np.int32]
    items: Positions
    profiles: Sequence[Profile]

    def __len__(self) -> int:
        return len(self.rows)

    def user_vectors(self, item_vectors: Vectors) -> Vectors:
        """The weighted means of the profiles' items, [n, dim]."""
        return weighted_means(
            item_vectors, [profile.items for profile in self.profiles], [profile.weights for profile in self.profiles]
        )


def draw_examples(material: Material, *, n_events: int, negatives: int) -> ClickExamples:
    """Examples of the newest n_events choices of training; a user who has met nearly everything gives none."""
    training = material.training
    store = ProfileStore(material.dataset.by_user, material.profile)
    random = np.random.default_rng([material.seed, negatives])
    chosen = np.flatnonzero(np.isin(training.kind, list(WANTED)))[-n_events:]
    rows, items, profiles = [], [], []
    for row in chosen.tolist():
        now_s, user, item = int(training.timestamp_s[row]), int(training.user[row]), int(training.item[row])
        store.rewind(now_s)
        profile = store.profile(store.history(user), now_s)
        allowed = material.catalogue.published_s < now_s
        allowed[profile.seen] = False
        allowed[item] = False
        others = _draw(random, allowed, negatives)
        if len(others) == negatives:
            rows.append(row)
            items.append([item, *others])
            profiles.append(profile)
    places = np.array(rows, np.int64)
    return ClickExamples(
        places, training.user[places], np.array(items, np.int32).reshape(-1, 1 + negatives), tuple(profiles)
    )


def _draw(random: np.random.Generator, allowed: npt.NDArray[np.bool_], n: int) -> list[int]:
    """So many different items of those allowed, each as likely; fewer where there are fewer."""
    tried = random.integers(len(allowed), size=4 * n)
    found = list(dict.fromkeys(tried[allowed[tried]].tolist()))[:n]
    if len(found) < n:
        left = np.flatnonzero(allowed)
        found = random.permutation(left)[:n].tolist()
    return found
