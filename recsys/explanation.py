"""What can be said of why an item was recommended; recsys.explain finds it out."""

from __future__ import annotations

from dataclasses import dataclass

from recsys.types import EventKind


@dataclass(frozen=True, slots=True)
class PastEvent:
    """An event that the profile was made of. weight: its share of the profile; all shares sum to 1."""

    item_id: str
    title: str
    kind: EventKind
    timestamp_s: int
    weight: float


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An event of the history, and the cosine of its item with the one that was recommended."""

    event: PastEvent
    similarity: float


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a score."""

    name: str
    weight: float
    value: float

    @property
    def share(self) -> float:
        """What it adds to the score."""
        return self.weight * self.value


@dataclass(frozen=True, slots=True)
class ExplainedItem:
    """An item of the list. score: as it was answered; parts: of the ranker's score; nearest: the nearest first.

    text_similarity: the item's cosine with the user's vector, from which the ranker starts.
    """

    item_id: str
    title: str
    score: float
    text_similarity: float
    parts: tuple[Part, ...]
    nearest: tuple[Neighbour, ...]

    @property
    def ranked(self) -> float:
        """The ranker's score: the sum of the parts. A re-ranker may have answered another one."""
        return sum(part.share for part in self.parts)


@dataclass(frozen=True, slots=True)
class Explanation:
    """One answered request. query: the user's own words, cleaned; history: what made the profile, oldest first."""

    query: str
    history: tuple[PastEvent, ...]
    items: tuple[ExplainedItem, ...]
