"""How the arms of a run fare, and what is said of each in run.json."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.measure.pool import Ready
from bench.measure.slices import Slice
from bench.scenario import ArmTable
from recsys.types import Positions


@dataclass
class ArmState:
    """How an arm fares in a run. blocks: its lists; handed: the candidates that its re-ranker had, [] without one.

    earlier: its entry in run.json of the run that is resumed, {} where none is or the arm was never built in it.
    """

    table: ArmTable
    status: str = "measured"
    reason: str = ""
    details: str = ""
    ready: list[Ready] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    blocks: list[tuple[Slice, Positions]] = field(default_factory=list)
    handed: list[tuple[Slice, Positions]] = field(default_factory=list)
    earlier: dict[str, Any] = field(default_factory=dict)

    @property
    def real_weights(self) -> bool:
        """Whether the lists of an arm that was built mean anything."""
        if self.ready:
            return self.ready[0].real_weights
        return bool(self.earlier["info"]["real_weights"] and self.earlier["reranker"].get("real_weights", True))

    @property
    def unhanded(self) -> list[Slice]:
        """Slices of which it is not known what its re-ranker was handed: an earlier run served them."""
        known = [part for part, _ in self.handed]
        return [part for part, _ in self.blocks if part not in known]

    def leave(self, status: str, reason: str, details: str = "") -> None:
        """The arm takes no further part."""
        self.status, self.reason, self.details = status, reason, details

    def describe(self) -> dict[str, Any]:
        """The arm's entry in run.json."""
        fares = {"status": self.status, "reason": self.reason, "details": self.details, "errors": dict(self.errors)}
        if self.earlier and not self.ready:
            return self.earlier | fares
        first = self.ready[0] if self.ready else None
        info = first.info if first else None
        return {
            "name": self.table.name,
            "label": self.table.title,
            "role": self.table.role,
            **fares,
            "device": info.device if info else self.table.device,
            "placement": "elsewhere" if self.table.is_foreign else self.table.placement,
            "encoder": self.table.encoder.kind,
            "precision": info.precision if info else "",
            "info": {name: getattr(info, name) for name in info.__dataclass_fields__} if info else {},
            "ranker": first.ranker if first else {},
            "reranker": first.reranker if first else {},
            "load_s": [*self.earlier.get("load_s", ()), *(round(ready.load_s, 3) for ready in self.ready)],
            "waiting": [
                *self.earlier.get("waiting", ()),
                *(asdict(ready.instruments.waiting) for ready in self.ready),
            ],
            "probes": first.instruments.probes if first else {},
        }
