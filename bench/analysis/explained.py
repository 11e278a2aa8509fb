"""A request of a stored run and why it was answered so: what is said of it, for people and for machines."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from recsys.explanation import ExplainedItem, Explanation, PastEvent


@dataclass(frozen=True)
class ExplainedRequest:
    """One request of a run and why it was answered so. user: as the run knows it, a hash; load: "server 40/s".

    reranking: the kind that had the last word, "" where the ranker had it.
    """

    run: str
    arm: str
    label: str
    row: int
    user: str
    load: str
    timestamp_s: int
    reranking: str
    explanation: Explanation

    def as_json(self) -> dict[str, Any]:
        """JSON values, event kinds by name."""
        content = asdict(self) | {"explanation": None}
        told = self.explanation
        return content | {
            "explanation": {
                "query": told.query,
                "history": [_event(event) for event in told.history],
                "items": [_item(item) for item in told.items],
            }
        }


def _event(event: PastEvent) -> dict[str, Any]:
    return asdict(event) | {"kind": event.kind.name.lower()}


def _item(item: ExplainedItem) -> dict[str, Any]:
    nearest = [{"similarity": near.similarity} | _event(near.event) for near in item.nearest]
    parts = [asdict(part) | {"share": part.share} for part in item.parts]
    return asdict(item) | {"ranked": item.ranked, "parts": parts, "nearest": nearest}
