"""The tables of a scenario file: frozen, strict models.

A plug-in table (`encoder = { kind = "onnx", … }`) keeps its options as they were written; the plug-in's own `Options`
model checks them when the scenario is read (bench.scenario_file), before anything heavy is imported.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from recsys.features.profile import EventWeights
from recsys.features.text.noise import NoiseOptions
from recsys.serving.protocols import STAGES

NAME_PATTERN = re.compile(r"[a-z0-9_-]+")


NO_ENCODER = "none"
"""The encoder's kind of an arm that names none: its recommender is not this project's."""


def is_none(value: object) -> bool:
    """For keys that came later: left out where nothing is said, so that older scenarios keep their hash."""
    return value is None


def _is_empty(value: object) -> bool:
    """For names that came later."""
    return value == ""


def _is_false(value: object) -> bool:
    """For switches that came later."""
    return value is False


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


class QueriesTable(Strict):
    """queries = { … }: words that users type, drawn from the items that they then choose (bench.traffic.queries).

    share: of the requests for a list. words: fewest and most words of a query. repeat_share: of the queries, those that
    were asked before in the very same words.
    """

    share: float = Field(1.0, gt=0, le=1)
    words: tuple[int, int] = (3, 8)
    repeat_share: float = Field(0.0, ge=0, lt=1)

    @field_validator("words")
    @classmethod
    def _fewest_and_most(cls, words: tuple[int, int]) -> tuple[int, int]:
        if not 1 <= words[0] <= words[1]:
            raise ValueError(f"words = [{words[0]}, {words[1]}]: the fewest, at least 1, come first, then the most")
        return words


class RequestsTable(Strict):
    """[requests]: what is asked for, and where the requests come from.

    history: newest events of a user that make the profile. k: length of a list.
    kind "data" draws requests from the data's events after t0: feedback_share of them report an event instead of asking
    for a list, ingest_share bring a new or changed item. repeat: how often the same user asks ("zipf" with the exponent
    zipf_s; bench.traffic.repeats has the laws). queries: what users type; None = they type nothing.
    kind "file" takes them from path, looked up where data sets are; the keys for drawing are then not used.
    """

    history: int = Field(50, ge=1)
    k: int = Field(10, ge=1)
    kind: Literal["data", "file"] = "data"
    path: str = ""
    feedback_share: float = Field(0.0, ge=0, lt=1)
    ingest_share: float = Field(0.0, ge=0, lt=1)
    repeat: Literal["none", "zipf", "unique", "same"] = "none"
    zipf_s: float = Field(0.65, ge=0, allow_inf_nan=False)
    queries: QueriesTable | None = Field(None, exclude_if=is_none)

    @model_validator(mode="after")
    def _consistent(self) -> RequestsTable:
        if self.feedback_share + self.ingest_share >= 1:
            raise ValueError(
                f"feedback_share ({self.feedback_share:g}) and ingest_share ({self.ingest_share:g}) must add up to "
                "less than 1: the rest ask for lists"
            )
        if self.kind == "file" and not self.path:
            raise ValueError('kind = "file" needs a path. Next: write one with the command requests and name it')
        if self.kind == "data" and self.path:
            raise ValueError(f'path = "{self.path}" is used with kind = "file" alone. Next: set kind = "file"')
        return self


class ProfileTable(Strict):
    """[profile]: how events weigh. half_life_days: age at which an event counts half; 0 = age does not matter."""

    half_life_days: float = Field(0.0, ge=0)
    event_weights: EventWeights = EventWeights()


class TextTable(BaseModel):
    """[text]: how texts are cleaned; an arm's `text = { … }` goes before it, key by key.

    A key is a text step (recsys.features.text): false leaves it out, true takes its defaults, a table its options.
    noise: planted in the texts first, to see what it costs; false = none, also for an arm alone.
    """

    model_config = ConfigDict(extra="allow", frozen=True)
    noise: NoiseOptions | None = None

    @field_validator("noise", mode="before")
    @classmethod
    def _no_noise(cls, noise: object) -> object:
        return {} if noise is False else noise

    @property
    def steps(self) -> dict[str, Any]:
        """The keys beside `noise`."""
        return dict(self.model_extra or {})

    @property
    def planted(self) -> NoiseOptions:
        """The noise, none where nothing is said of it."""
        return self.noise or NoiseOptions()

    def overridden_by(self, other: TextTable) -> TextTable:
        """The keys of both; the other's where both have one."""
        noise = self.noise if other.noise is None else other.noise
        return TextTable(noise=noise, **{**self.steps, **other.steps})


class RetrievalTable(Strict):
    """[retrieval]: candidates: items that the index hands to the ranker. exclude_seen: not what the user met."""

    candidates: int = Field(200, ge=1)
    exclude_seen: bool = True


class LoadTable(Strict):
    """[[load]]: requests: counted per load point (per rate), over all blocks. Which other keys a kind takes, it says.

    rates_per_s: mean rates of the arrivals; without it those that have a rate by themselves keep it, time_scale times
    as fast.
    timeout_ms, queue_limit: a request that waited longer is given up, one that finds so many waiting is refused.
    requests_per_query: asked at once. clients: ask again think_ms after their answer.
    """

    kind: str
    name: str = ""
    requests: int = Field(ge=1)
    arrivals: PluginTable | None = None
    rates_per_s: tuple[float, ...] = ()
    time_scale: float = Field(1.0, gt=0, allow_inf_nan=False)
    timeout_ms: float | None = Field(None, gt=0)
    queue_limit: int | None = Field(None, ge=1)
    requests_per_query: int | None = Field(None, ge=1)
    clients: int | None = Field(None, ge=1)
    think_ms: float | None = Field(None, ge=0)

    @field_validator("rates_per_s")
    @classmethod
    def _positive(cls, rates_per_s: tuple[float, ...]) -> tuple[float, ...]:
        for rate_per_s in rates_per_s:
            if not 0 < rate_per_s < float("inf"):
                raise ValueError(f"a rate must be above 0 requests/s, got {rate_per_s:g}")
        return rates_per_s


class CacheTable(PluginTable):
    """cache = { … }: an arm's embedding cache. start: "warm" lets the warm-up slice fill it, "cold" skips that.

    forget_on_feedback: a user's profile text, which feedback makes another, is dropped at once instead of ageing.
    """

    kind: str = "memory"
    start: Literal["warm", "cold"] = "warm"
    forget_on_feedback: bool | None = Field(None, exclude_if=is_none)


class ArmTable(Strict):
    """[[arm]]: one configuration of the recommender. threads None: all cores that this process may use.

    workers: threads that serve requests at the same time, each with an encoder of its own.

    reranking: a model that orders the ranker's best candidates anew; None = the ranker has the last word.

    text: what this arm cleans otherwise than [text] says: stems suit TF-IDF, for example, and no language model.

    item_vectors: a folder that encode-catalogue has written, which is read instead of encoding the catalogue again.

    target: where the recommender is; None = in the worker's process. Those that bring their own name no encoder.

    planted_sleep_ms: a fault planted on purpose, ms by stage, to see that the instrument finds it there.
    planted_double_encode: another one: every request's texts are encoded twice.
    """

    name: str
    label: str = ""
    role: Literal["", "baseline", "reference"] = ""
    encoder: PluginTable = PluginTable(kind=NO_ENCODER)
    device: str = "cpu"
    placement: str = "profile"
    serving: PluginTable = PluginTable(kind="direct")
    cache: CacheTable | None = None
    index: PluginTable | None = None
    ranking: PluginTable = PluginTable(kind="similarity")
    reranking: PluginTable | None = Field(None, exclude_if=is_none)
    threads: int | None = Field(None, ge=1)
    workers: int = Field(1, ge=1)
    text: TextTable = TextTable()
    planted_sleep_ms: dict[str, float] = {}
    planted_double_encode: bool = Field(False, exclude_if=_is_false)
    item_vectors: str = Field("", exclude_if=_is_empty)
    target: PluginTable | None = Field(None, exclude_if=is_none)

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

    @property
    def is_foreign(self) -> bool:
        """Whether its recommender is somebody else's: then encoder, placement, ranking and serving mean nothing."""
        return self.encoder.kind == NO_ENCODER


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


class PricesTable(Strict):
    """[prices]: of an hour of one core and of one GPU, in a currency of your own. Without one, that part is not priced.

    Where a machine is paid as a whole, divide its price by its cores, or give that of a GPU with its share of cores.
    """

    cpu_core_hour: float | None = Field(None, gt=0)
    gpu_hour: float | None = Field(None, gt=0)


class GateRatiosTable(Strict):
    """The smallest ratio of head to base that counts as a change, by metric; p99 is advice alone."""

    p50_ratio: float | None = Field(None, gt=1, le=10)
    p90_ratio: float | None = Field(None, gt=1, le=10)
    cpu_ratio: float | None = Field(None, gt=1, le=10)
    p99_ratio: float | None = Field(None, gt=1, le=10)


class GateTable(Strict):
    """[gate]: when a change counts as a regression.

    p50_ratio …: for every arm; cpu is CPU seconds a request. blocks: measured first; most_blocks: where those tell
    nothing. denominators: the arm that another is divided by where it is held against a stored baseline, by arm; the
    baseline for those not named. baseline_runs: behind a stored baseline. arm: ratios of single arms.
    """

    blocks: int = Field(10, ge=6)
    most_blocks: int = Field(20, ge=6)
    p50_ratio: float = Field(1.05, gt=1, le=10)
    p90_ratio: float = Field(1.05, gt=1, le=10)
    cpu_ratio: float = Field(1.05, gt=1, le=10)
    p99_ratio: float = Field(1.15, gt=1, le=10)
    denominators: dict[str, str] = {}
    baseline_runs: int = Field(5, ge=3)
    arm: dict[str, GateRatiosTable] = {}

    @model_validator(mode="after")
    def _blocks_in_order(self) -> GateTable:
        if self.most_blocks < self.blocks:
            raise ValueError(f"most_blocks ({self.most_blocks}) must not be less than blocks ({self.blocks})")
        return self
