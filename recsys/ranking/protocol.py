"""The contract of a ranker, and what it is built from and told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from recsys.catalogue import Catalogue, CleanItem
from recsys.data import Dataset
from recsys.encoders.protocol import Encoder
from recsys.features.profile import Profile, ProfileOptions
from recsys.index.protocol import Candidates
from recsys.types import Positions, Request, Vectors

if TYPE_CHECKING:
    from recsys.types import Events


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for a list. user: position in the data set, −1 = nobody in particular.

    users [n, dim] and row: where the user's vector stands, as the placement made it; None = not known.
    """

    user: int = -1
    users: Vectors | None = None
    row: int = 0

    @property
    def vector(self) -> Any:
        """The user's vector, [1, dim], dense or sparse; None where it is not known."""
        if self.users is None or self.users.shape[0] == 1:  # a sparse row cut out costs as much as a search
            return self.users
        return self.users[self.row : self.row + 1]


ANYBODY = Asker()


@dataclass(frozen=True)
class Material:
    """What a ranker is built from.

    catalogue: the recommender's own, which ingests change. item_vectors [n_items, dim]: of the items' texts, by the
    encoder. What is fitted sees only events before t0_s. profile: how events weigh. seed: of whatever is drawn.
    """

    dataset: Dataset
    catalogue: Catalogue
    item_vectors: Vectors
    encoder: Encoder
    t0_s: int
    profile: ProfileOptions = ProfileOptions()
    seed: int = 0

    @property
    def training(self) -> Events:
        """The events before t0, in time order."""
        events = self.dataset.events
        return events.take(slice(0, int(events.timestamp_s.searchsorted(self.t0_s))))


@dataclass(frozen=True, slots=True)
class ScoreParts:
    """A ranker's scores taken apart: score = Σ weight · value.

    names: of the parts; weights float32 [parts]; values float32 [parts, n] of n candidates.
    """

    names: tuple[str, ...]
    weights: npt.NDArray[np.float32]
    values: npt.NDArray[np.float32]

    @property
    def scores(self) -> npt.NDArray[np.float32]:
        """The sums, float32 [n]."""
        sums: npt.NDArray[np.float32] = self.weights @ self.values
        return sums


class Ranker(Protocol):
    """Orders one user's candidates. A ranker says how by `rank`; the rest is for those that hold more than options.

    Built from its `Options` and a Material. Subclass it: what is not overridden does nothing.
    """

    def rank(self, profile: Profile, candidates: Candidates, k: int, asker: Asker = ANYBODY) -> Candidates:
        """The k best candidates under the ranker's own score, best first; equal scores by position."""

    def widen(self, found: Candidates, excluded: Positions, asker: Asker = ANYBODY) -> Candidates:
        """The candidates: what the index found, and what the ranker may favour although its text is far from the user.

        Scores are those of the text; none of the excluded or hidden items is added.
        """
        return found

    def explain(self, profile: Profile, candidates: Candidates, asker: Asker = ANYBODY) -> ScoreParts:
        """What `rank` adds up for each candidate, in their order; a score that is no sum is its own only part."""
        ranked = self.rank(profile, candidates, len(candidates.positions), asker)
        score_of = dict(zip(ranked.positions.tolist(), ranked.scores.tolist(), strict=True))
        scores = [score_of[position] for position in candidates.positions.tolist()]
        return ScoreParts(("score",), np.ones(1, np.float32), np.array([scores], np.float32))

    def texts(self, item: CleanItem) -> Sequence[str]:
        """What has to be encoded of an item beside its text when it comes in; always as many."""
        return ()

    def put(self, positions: Positions, vectors: Sequence[Vectors]) -> None:
        """Items are new or changed, and in the catalogue. vectors [n, dim]: of their text, then of each of `texts`."""

    def record(self, request: Request) -> None:
        """Learn of a FEEDBACK request, in O(1) of the data."""

    def rewind(self, as_of_s: int) -> None:
        """Know what was known at a time: the data's events before it, and nothing put or recorded since."""

    def describe(self) -> dict[str, Any]:
        """What it is as it was fitted, for the run's record: JSON values by name."""
        return {}
