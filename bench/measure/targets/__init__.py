"""Targets: one file each. Where an arm's recommender is: here (`local`), behind HTTP, or an object of the user's own.

A target's class is called with (options, setting). `Options` is its OptionsModel; `needs_encoder(options)` says whether
the arm must name an encoder, since the recommender is this project's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from bench.clock import MonotonicClock
from bench.errors import ConfigError
from bench.measure.recorder import Recorder
from bench.scenario import ArmTable, Scenario
from bench.traffic.inbox import WaitingInbox
from bench.traffic.trace import Trace
from recsys.encoders.protocol import EncoderInfo
from recsys.options import OptionsModel, parse_options
from recsys.registry import Registry
from recsys.types import Request, RequestKind

LOCAL = "local"
"""What an arm without a target has."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a target is built in. trace: of the whole run, as the arm meets it."""

    scenario: Scenario
    arm: ArmTable
    trace: Trace
    data_dirs: tuple[Path, ...]
    clock: MonotonicClock


@dataclass(frozen=True, slots=True)
class Built:
    """What an arm is: its encoder, its ranker as it was fitted, and its re-ranker, {} without one."""

    info: EncoderInfo
    ranker: dict[str, Any]
    reranker: dict[str, Any]


class Client(Protocol):
    """Offers requests to what answers at an address, from this process. Built with (options, setting, url)."""

    def __init__(self, options: Any, setting: Setting, url: str) -> None: ...

    def rewind(self, first: Request) -> None:
        """State what users had met when this request came."""

    def connect(self) -> None:
        """Be ready to ask."""

    def serve(self, inbox: WaitingInbox, recorder: Recorder) -> dict[str, float]:
        """Offer an inbox to its end. Returns readings of its own."""


class Target(Protocol):
    """Serves the requests of a worker's blocks.

    CLIENT: by which other processes can ask what answers at `url`; None, and "", where it can be asked from here alone.
    takers: that share an inbox; threads: of this process that wait for requests. process: where the work is done and
    what it takes can be read, None = out of reach. candidates: that a re-ranker is handed, 0 without one. tells_tokens,
    tells_padding: whether it says what it computes.
    """

    Options: ClassVar[type[OptionsModel]]
    CLIENT: ClassVar[type[Client] | None]
    url: str
    takers: int
    threads: int
    process: int | None
    candidates: int
    tells_tokens: bool
    tells_padding: bool

    @staticmethod
    def needs_encoder(options: Any) -> bool:
        """Whether the arm must name an encoder."""

    def describe(self) -> Built:
        """What was built."""

    def forget_cached(self) -> None:
        """Empty the caches, as far as they can be reached."""

    def rewind(self, first: Request) -> None:
        """Know what was known when this request came, as far as the target can be told."""

    def serve(self, inbox: WaitingInbox, recorder: Recorder) -> dict[str, float]:
        """Serve an inbox to its end. Returns readings of the target's own, {} where it has none."""

    def close(self) -> None:
        """End what it began."""


TARGETS: Registry[Any] = Registry("bench.measure.targets", "target")


def kind_of(arm: ArmTable) -> str:
    """Of the arm's target."""
    return arm.target.kind if arm.target else LOCAL


def check_target(arm: ArmTable) -> OptionsModel:
    """The options of the arm's target. Raises UnknownKind, MissingLibrary, BadOptions, and ConfigError: no encoder."""
    kind, given = (arm.target.kind, arm.target.options) if arm.target else (LOCAL, {})
    target = TARGETS.get(kind)
    options: OptionsModel = parse_options(target.Options, given, f'target "{kind}"')
    if target.needs_encoder(options) and arm.is_foreign:
        raise ConfigError('encoder is missing. Next: for example encoder = { kind = "tfidf" }')
    if not target.needs_encoder(options) and not arm.is_foreign:
        raise ConfigError(f'target "{kind}" is a system of its own: encoder has no meaning. Next: remove encoder')
    return options


def build_target(setting: Setting) -> Target:
    """The arm's target, ready to serve. Raises what its parts raise."""
    options = check_target(setting.arm)
    target: Target = TARGETS.get(kind_of(setting.arm))(options, setting)
    return target


def require_kinds(trace: Trace, taken: Mapping[RequestKind, str], whose: str) -> None:
    """Raise ConfigError for requests of a kind that a target cannot take. taken: kind → "" or how it could be taken."""
    counts = trace.counts()
    for kind, remedy in taken.items():
        name = kind.name.lower()
        if remedy and counts[name]:
            share = f"requests.{name}_share = 0"
            raise ConfigError(f"{whose} takes no {name}, but the run has {counts[name]}. Next: {remedy}, or {share}")


def no_encoder(where: str) -> EncoderInfo:
    """What stands for the encoder of a system that does not tell it. where: names it."""
    return EncoderInfo(dim=0, device="elsewhere", precision="", revision=where, has_model=True)


__all__ = [
    "LOCAL",
    "TARGETS",
    "Built",
    "Client",
    "Setting",
    "Target",
    "build_target",
    "check_target",
    "kind_of",
    "no_encoder",
    "require_kinds",
]
