"""What a scenario file says, as a whole: its tables together, its load points, and the hash that names it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from pydantic import Field, field_validator, model_validator

from bench.scenario_tables import (
    NAME_PATTERN,
    ArmTable,
    BlocksTable,
    CacheTable,
    DataTable,
    GateTable,
    LoadTable,
    PluginTable,
    PricesTable,
    ProfileTable,
    QualityTable,
    QueriesTable,
    RequestsTable,
    RetrievalTable,
    SloTable,
    Strict,
    TextTable,
    is_none,
)
from recsys.features.profile import ProfileOptions
from recsys.pipeline import RetrievalOptions


class Scenario(Strict):
    """One scenario: the question, the data, the requests, the loads and the arms.

    soak_s: a run then holds one rate for so long and looks at what grows (bench.measure.soak); None = no soak.
    """

    name: str
    question: str
    seed: int = Field(7, ge=0)
    data: DataTable
    requests: RequestsTable = RequestsTable()
    profile: ProfileTable = ProfileTable()
    text: TextTable = TextTable()
    retrieval: RetrievalTable = RetrievalTable()
    load: tuple[LoadTable, ...] = Field(min_length=1)
    slo: SloTable = SloTable()
    blocks: BlocksTable = BlocksTable()
    arm: tuple[ArmTable, ...] = Field(min_length=1)
    quality: QualityTable = QualityTable()
    soak_s: float | None = Field(None, gt=0, allow_inf_nan=False, exclude_if=is_none)
    prices: PricesTable | None = None
    gate: GateTable | None = Field(None, exclude=True)

    @field_validator("name")
    @classmethod
    def _plain(cls, name: str) -> str:
        if not NAME_PATTERN.fullmatch(name):
            raise ValueError(f'"{name}" must match {NAME_PATTERN.pattern}')
        return name

    @model_validator(mode="after")
    def _consistent(self) -> Scenario:
        _once("arm", [arm.name for arm in self.arm])
        _once("load", [load.name for load in self.load if load.name])
        for role in ("baseline", "reference"):
            holders = [arm.name for arm in self.arm if arm.role == role]
            if len(holders) > 1:
                raise ValueError(f'role "{role}" is held by {", ".join(holders)}; one arm at most may hold it')
        return self

    @property
    def hash(self) -> str:
        """SHA-256 of the resolved scenario, hexadecimal."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def profile_options(self) -> ProfileOptions:
        """What the recommender's profiles are made by."""
        return ProfileOptions(history=self.requests.history, **dict(self.profile))

    @property
    def retrieval_options(self) -> RetrievalOptions:
        """What the recommender's lists are made by."""
        candidates = max(self.retrieval.candidates, self.requests.k)
        return RetrievalOptions(k=self.requests.k, candidates=candidates, exclude_seen=self.retrieval.exclude_seen)

    def text_of(self, arm: ArmTable) -> TextTable:
        """How an arm's texts are cleaned, and the noise in them."""
        return self.text.overridden_by(arm.text)

    def load_points(self) -> tuple[LoadPoint, ...]:
        """The load points in the order in which they are measured."""
        points = []
        for place, load in enumerate(self.load):
            name = load.name or (load.kind if self._is_only(load.kind) else f"{load.kind}-{place}")
            for rate_per_s in load.rates_per_s or (None,):
                points.append(LoadPoint(name, load, rate_per_s))
        return tuple(points)

    def _is_only(self, kind: str) -> bool:
        return sum(load.kind == kind for load in self.load) == 1


@dataclass(frozen=True, slots=True)
class LoadPoint:
    """One load at one rate. offered_per_s: None where the load has no rate."""

    name: str
    table: LoadTable
    offered_per_s: float | None

    @property
    def title(self) -> str:
        """For people: "server 40/s"."""
        return self.name if self.offered_per_s is None else f"{self.name} {self.offered_per_s:g}/s"


def _once(what: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{what} name used twice: {', '.join(twice)}")


__all__ = [
    "ArmTable",
    "BlocksTable",
    "CacheTable",
    "DataTable",
    "GateTable",
    "LoadPoint",
    "LoadTable",
    "PluginTable",
    "PricesTable",
    "ProfileTable",
    "QualityTable",
    "QueriesTable",
    "RequestsTable",
    "RetrievalTable",
    "Scenario",
    "SloTable",
    "Strict",
    "TextTable",
]
