"""Engines of load generation: one file each. Who offers an arm's scheduled requests: the worker itself, or many others.

An engine lives in the parent of a run and is called with (options, generators); `Options` is its OptionsModel. Its
`crew` lives in an arm's worker. One frozen schedule is offered, whoever offers it, and one record comes back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, ClassVar, Protocol, Self

from bench.clock import MonotonicClock
from bench.errors import ConfigError
from bench.measure.assignment import HERE, Assignment, Generation
from bench.measure.generators.portion import GeneratorReport
from bench.measure.loads import Offer
from bench.measure.recorder import Recorder
from bench.measure.slices import Slice
from bench.measure.targets import TARGETS, Target, kind_of
from bench.scenario import Scenario
from recsys.options import OptionsModel, parse_options
from recsys.registry import Registry


class Crew(Protocol):
    """Offers the blocks of one arm, from its worker. reports: of the last block, one a generator that is another's."""

    reports: tuple[GeneratorReport, ...]

    def prepare(self, part: Slice, offer: Offer) -> None:
        """Be ready to begin with this block; not timed."""

    def serve(self, offer: Offer, recorder: Recorder) -> dict[str, float]:
        """Offer it to its end. Returns readings of its own."""

    def close(self) -> None:
        """Let the generators go."""


class Engine(Protocol):
    """Use as a context: leaving it ends what it began. over_the_wire: it asks from elsewhere, so targets must be there.

    generation: what workers are told.
    """

    Options: ClassVar[type[OptionsModel]]
    over_the_wire: ClassVar[bool]
    generation: Generation

    def __init__(self, options: Any, generators: int) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    @staticmethod
    def crew(assignment: Assignment, target: Target, clock: MonotonicClock) -> Crew:
        """In the worker of an arm: who offers its requests."""


GENERATORS: Registry[type[Engine]] = Registry("bench.measure.generators", "engine")


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """What was asked for. options: the engine's own."""

    kind: str = HERE
    generators: int = 1
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def entry(self) -> dict[str, Any]:
        """For run.json."""
        return {"engine": self.kind, "generators": self.generators, "options": dict(self.options)}


@contextmanager
def started_engine(choice: EngineChoice, scenario: Scenario) -> Iterator[Generation]:
    """The engine, for as long as the context lasts. Raises what `built_engine` raises, and ConfigError: no cluster."""
    with built_engine(choice, scenario) as started:
        yield started.generation


def built_engine(choice: EngineChoice, scenario: Scenario) -> Engine:
    """The engine, not started. Raises ConfigError for a scenario that it cannot offer.

    Raises UnknownKind, MissingLibrary and BadOptions for one that is not here.
    """
    engine = GENERATORS.get(choice.kind)
    options = parse_options(engine.Options, choice.options, f'engine "{choice.kind}"')
    if engine.over_the_wire:
        _check_wire(choice.kind, scenario)
    if choice.generators > 1:
        _check_queues(scenario)
    return engine(options, choice.generators)


def _check_wire(engine: str, scenario: Scenario) -> None:
    for arm in scenario.arm:
        if TARGETS.get(kind_of(arm)).CLIENT is None:
            raise ConfigError(
                f'arm "{arm.name}": engine "{engine}" offers requests over the wire, and this recommender is in the '
                'worker\'s own process. Next: target = { kind = "http", … }, other arms with --arm, or --engine local'
            )


def _check_queues(scenario: Scenario) -> None:
    for load in scenario.load:
        if load.queue_limit is not None:
            raise ConfigError(
                f'load "{load.name or load.kind}": queue_limit counts what waits in one queue, and several generators '
                "have one each. Next: remove it (a service refuses for itself: target.queue_limit), or --generators 1"
            )


__all__ = ["GENERATORS", "Crew", "Engine", "EngineChoice", "built_engine", "started_engine"]
