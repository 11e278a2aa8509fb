"""What a scenario file says: frozen, strict models, and the hash that names it.

A plug-in table (`encoder = { kind = "onnx", … }`) keeps its options as they were written; the plug-in's own `Options`
model checks them when the scenario is read (bench.scenario_file), before anything heavy is imported.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from recsys.features.profile import EventWeights, ProfileOptions
from recsys.pipeline import RetrievalOptions
from recsys.serving.protocols import STAGES

NAME_PATTERN = re.compile(r"[a-z0-9_-]+")


class Strict(BaseModel):
    """A table whose keys are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PluginTable(BaseModel):
    """A table that names a kind; its other keys are that plug-in's options."""

    model_config = ConfigDict(extra="allow", frozen=True)
    kind: str

    @property
    def options(self) -> dict[str, Any]:
        """The keys beside `kind`."""
        return dict(self.model_extra or {})


class DataTable(PluginTable):
    """[data]: which data set; train_share: the share of events before t0."""

    train_share: float = Field(0.8, gt=0, lt=1)


class RequestsTable(Strict):
    """[requests]: what is asked for, and how requests are drawn from the data's events after t0.

    history: newest events of a user that make the profile. k: length of a list. feedback_share: share of the trace's
    requests that report an event instead of asking for a list.
    """

    history: int = Field(50, ge=1)
    k: int = Field(10, ge=1)
    feedback_share: float = Field(0.0, ge=0, lt=1)


class ProfileTable(Strict):
    """[profile]: how events weigh. half_life_days: age at which an event counts half; 0 = age does not matter."""

    half_life_days: float = Field(0.0, ge=0)
    event_weights: EventWeights = EventWeights()


class RetrievalTable(Strict):
    """[retrieval]: candidates: items that the index hands to the ranker. exclude_seen: not what the user met."""

    candidates: int = Field(200, ge=1)
    exclude_seen: bool = True


class LoadTable(Strict):
    """[[load]]: requests: counted per load point (per rate), over all blocks."""

    kind: str
    name: str = ""
    requests: int = Field(ge=1)
    arrivals: PluginTable | None = None
    rates_per_s: tuple[float, ...] = ()
    timeout_ms: float | None = Field(None, gt=0)

    @field_validator("rates_per_s")
    @classmethod
    def _positive(cls, rates_per_s: tuple[float, ...]) -> tuple[float, ...]:
        for rate_per_s in rates_per_s:
            if not 0 < rate_per_s < float("inf"):
                raise ValueError(f"a rate must be above 0 requests/s, got {rate_per_s:g}")
        return rates_per_s


class CacheTable(Strict):
    """cache = { … }: an arm's embedding cache. start: "warm" lets the warm-up slice fill it, "cold" skips that."""

    capacity_mb: float = Field(64, gt=0)
    start: Literal["warm", "cold"] = "warm"


class ArmTable(Strict):
    """[[arm]]: one configuration of the recommender. threads None: all processors.

    planted_sleep_ms: a fault planted on purpose, ms by stage, to see that the instrument finds it there.
    """

    name: str
    label: str = ""
    role: Literal["", "baseline", "reference"] = ""
    encoder: PluginTable
    device: str = "cpu"
    placement: str = "profile"
    serving: PluginTable = PluginTable(kind="direct")
    cache: CacheTable | None = None
    index: PluginTable | None = None
    ranking: PluginTable = PluginTable(kind="similarity")
    threads: int | None = Field(None, ge=1)
    planted_sleep_ms: dict[str, float] = {}

    @field_validator("name")
    @classmethod
    def _plain(cls, name: str) -> str:
        if not NAME_PATTERN.fullmatch(name):
            raise ValueError(f'"{name}" must match {NAME_PATTERN.pattern}; use label for free text')
        return name

    @field_validator("planted_sleep_ms")
    @classmethod
    def _known_stages(cls, sleeps_ms: dict[str, float]) -> dict[str, float]:
        for stage in sleeps_ms:
            if stage not in STAGES:
                raise ValueError(f'unknown stage "{stage}". Known: {", ".join(STAGES)}')
        return sleeps_ms

    @property
    def title(self) -> str:
        """The label, or the name where there is none."""
        return self.label or self.name


class SloTable(Strict):
    """[slo]: what counts as fast enough."""

    p99_ms: float = Field(100.0, gt=0)


class BlocksTable(Strict):
    """[blocks]: how the work is cut. count blocks a load point, spread over `processes` restarts of every arm.

    settle_requests: of each open-loop block, a fifth is served and not counted; the report says where that is less than
    so many requests.
    """

    count: int = Field(5, ge=1)
    processes: int = Field(1, ge=1)
    warmup_requests: int = Field(50, ge=0)
    settle_requests: int = Field(5, ge=0)

    @model_validator(mode="after")
    def _enough_blocks(self) -> BlocksTable:
        if self.processes > self.count:
            raise ValueError(f"processes ({self.processes}) must not exceed count ({self.count}): each serves a block")
        return self


class QualityTable(Strict):
    """[quality]: fidelity_gate: below it, speed is not credited."""

    fidelity_gate: float = Field(0.95, ge=0, le=1)


class Scenario(Strict):
    """One scenario: the question, the data, the requests, the loads and the arms."""

    name: str
    question: str
    seed: int = Field(7, ge=0)
    data: DataTable
    requests: RequestsTable = RequestsTable()
    profile: ProfileTable = ProfileTable()
    retrieval: RetrievalTable = RetrievalTable()
    load: tuple[LoadTable, ...] = Field(min_length=1)
    slo: SloTable = SloTable()
    blocks: BlocksTable = BlocksTable()
    arm: tuple[ArmTable, ...] = Field(min_length=1)
    quality: QualityTable = QualityTable()

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
