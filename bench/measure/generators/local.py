"""The worker itself: one generator, in the process that serves or plays the client."""

from __future__ import annotations

from types import TracebackType
from typing import ClassVar, Self

from bench.clock import MonotonicClock
from bench.errors import ConfigError
from bench.measure.assignment import HERE, Assignment, Generation
from bench.measure.generators import GENERATORS
from bench.measure.generators.portion import GeneratorReport
from bench.measure.loads import LOADS, Offer
from bench.measure.recorder import Recorder
from bench.measure.slices import Slice
from bench.measure.targets import Target
from recsys.options import OptionsModel


class LocalOptions(OptionsModel):
    """Nothing to set."""


class LocalCrew:
    """The target serves an inbox that opens when the block begins."""

    reports: tuple[GeneratorReport, ...] = ()

    def __init__(self, target: Target, clock: MonotonicClock) -> None:
        self._target = target
        self._clock = clock

    def prepare(self, part: Slice, offer: Offer) -> None:
        """Nothing to do."""

    def serve(self, offer: Offer, recorder: Recorder) -> dict[str, float]:
        """What the target reads of itself."""
        inbox = LOADS.get(offer.table.kind).open(offer, self._clock, recorder)
        return self._target.serve(inbox, recorder)

    def close(self) -> None:
        """The target is the worker's."""


@GENERATORS.register("local")
class LocalEngine:
    """Starts nothing."""

    Options: ClassVar[type[OptionsModel]] = LocalOptions
    over_the_wire: ClassVar[bool] = False

    def __init__(self, options: LocalOptions, generators: int) -> None:
        if generators > 1:
            raise ConfigError(
                f'--generators {generators}: engine "{HERE}" is one generator. Next: --engine ray, or leave it out'
            )
        self.generation = Generation()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to end."""

    @staticmethod
    def crew(assignment: Assignment, target: Target, clock: MonotonicClock) -> LocalCrew:
        """The worker."""
        return LocalCrew(target, clock)
