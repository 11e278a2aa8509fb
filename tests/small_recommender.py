"""A recommender over a data set in memory, put together as the instrument does it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench.clock import VirtualClock
from bench.measure.arm import build_arm
from bench.scenario import ArmTable, Scenario
from recsys.data import Dataset
from recsys.pipeline import Recommender
from recsys.types import Positions, Request, RequestKind

LATER_S = 10**9
"""After every event of small_data."""


def make_scenario(arm: dict[str, Any], **tables: Any) -> Scenario:
    """A scenario with this one arm and otherwise defaults."""
    return Scenario.model_validate(
        {
            "name": "small",
            "question": "?",
            "data": {"kind": "embedded"},
            "load": [{"kind": "offline", "requests": 1}],
            "arm": [arm],
        }
        | tables
    )


def make_recommender(
    dataset: Dataset, encoder: str = "fake", placement: str = "profile", as_of_s: int = LATER_S, **tables: Any
) -> Recommender:
    """An arm's recommender that knows the data before a time. tables: of the scenario; `arm`: more keys of the arm.

    The data set's items may be a list: an ingest takes them as they then are.
    """
    arm = {"name": "a", "encoder": {"kind": encoder}, "placement": placement} | tables.pop("arm", {})
    scenario = make_scenario(arm, **tables)
    recommender = build_arm(scenario, ArmTable.model_validate(arm), dataset, VirtualClock()).recommender
    recommender.rewind(as_of_s)
    return recommender


def ask(user: int, row: int = 0, now_s: int = LATER_S) -> Request:
    """A request for a list."""
    return Request(row, RequestKind.RECOMMEND, user, now_s)


def ingest_of(item: int, row: int = 0, now_s: int = LATER_S) -> Request:
    """A request to take an item in."""
    return Request(row, RequestKind.INGEST, -1, now_s, item)


class Journal:
    """A tracer that writes down what it is told."""

    def __init__(self) -> None:
        self.marks: list[tuple[str, list[int]]] = []
        self.n_tokens: list[tuple[list[int], list[int]]] = []
        self.n_padded: list[tuple[list[int], int]] = []
        self.n_reranked: list[tuple[list[int], list[list[int]], list[int], int]] = []

    def mark(self, stage: str, rows: Sequence[int]) -> None:
        """A stage has ended."""
        self.marks.append((stage, list(rows)))

    def tokens(self, rows: Sequence[int], n_tokens: Sequence[int]) -> None:
        """Tokens of each request."""
        self.n_tokens.append((list(rows), list(n_tokens)))

    def padded(self, rows: Sequence[int], padded_tokens: int) -> None:
        """Tokens of a batch with padding."""
        self.n_padded.append((list(rows), padded_tokens))

    def reranked(
        self, rows: Sequence[int], candidates: Sequence[Positions], n_tokens: Sequence[int], padded_tokens: int
    ) -> None:
        """What a re-ranker was handed and read."""
        handed = [positions.tolist() for positions in candidates]
        self.n_reranked.append((list(rows), handed, list(n_tokens), padded_tokens))
