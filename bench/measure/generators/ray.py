"""Actors of Ray, on this machine or on a cluster that is joined, each a dispatcher in a process of its own.

One that dies takes its requests with it: the block is not counted, and the arm fails with that reason.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Any, ClassVar, Self

from pydantic import Field

from bench.clock import NS_PER_MS, MonotonicClock
from bench.measure.assignment import Assignment, Generation, read_trace
from bench.measure.generators import GENERATORS
from bench.measure.generators.generator import Generator, Share
from bench.measure.generators.offsets import ClockOffset, measure_offset
from bench.measure.generators.portion import GeneratorReport, Portion, merge
from bench.measure.generators.split import split_places
from bench.measure.loads import Offer
from bench.measure.recorder import Recorder
from bench.measure.slices import Slice
from bench.measure.targets import Target
from bench.ray_cluster import HERE, cluster_address, ray_cluster
from bench.traffic.trace import Trace
from recsys.options import OptionsModel

REQUIRES = ("ray",)
EXTRA = "ray"


class GeneratorLost(Exception):
    """A generator's process died, or its machine is gone."""


class RayOptions(OptionsModel):
    """address: of a cluster to join, "" starts one on this machine. Data must lie on each of its machines.

    lead_ms: from telling the generators when to begin until they do: a thousand times what telling takes at rest.
    """

    address: str = HERE
    lead_ms: int = Field(500, ge=1, le=60_000)


@GENERATORS.register("ray")
class RayEngine:
    """Holds the cluster for the whole run; workers join it."""

    Options: ClassVar[type[OptionsModel]] = RayOptions
    over_the_wire: ClassVar[bool] = True

    def __init__(self, options: RayOptions, generators: int) -> None:
        self.generation = Generation("ray", generators, lead_ns=options.lead_ms * NS_PER_MS)
        self._cluster = ray_cluster(cpus=generators + 1, address=options.address)

    def __enter__(self) -> Self:
        self._cluster.__enter__()
        self.generation = replace(self.generation, ticket=cluster_address())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cluster.__exit__(kind, error, trace)

    @staticmethod
    def crew(assignment: Assignment, target: Target, clock: MonotonicClock) -> RayCrew:
        """As many actors as were asked for, as far apart as the cluster lets them be."""
        return RayCrew(assignment, target.url, clock)


class RayCrew:
    """Splits blocks over its actors and merges what they record."""

    def __init__(self, assignment: Assignment, url: str, clock: MonotonicClock) -> None:
        import ray

        self._exit = contextlib.ExitStack()
        self._exit.enter_context(ray_cluster(cpus=0, address=assignment.generation.ticket))
        self._clock = clock
        self._lead_ns = assignment.generation.lead_ns
        self._trace: Trace = read_trace(assignment)
        actor = ray.remote(num_cpus=0, max_restarts=0, scheduling_strategy="SPREAD")(Generator)
        self._actors = [actor.remote() for _ in range(assignment.generation.generators)]
        self._shares: list[Share] = []
        self._offsets: list[ClockOffset] = []
        self.reports: tuple[GeneratorReport, ...] = ()
        try:
            hashes = self._each("join", [(assignment, url)] * len(self._actors))
            if set(hashes) != {self._trace.sha256}:
                raise ValueError("the generators read other requests than the run: see that their data are the same")
        except BaseException:
            self.close()
            raise

    def prepare(self, part: Slice, offer: Offer) -> None:
        """Split, measure how the clocks lie, and let all connect."""
        assert offer.intended_ns is not None
        kinds, users = self._trace.kind[part.low : part.high], self._trace.user[part.low : part.high]
        self._shares = [
            Share(part.low, part.high, places, offer.table, offer.intended_ns[places])
            for places in split_places(kinds, users, len(self._actors))
        ]
        self._each("prepare", [(share,) for share in self._shares])
        self._offsets = [measure_offset(partial(self._ask, at, "now_ns"), self._clock) for at in self._places]

    def serve(self, offer: Offer, recorder: Recorder) -> dict[str, float]:
        """Start all at one time, wait for all, merge."""
        start_ns = self._clock.now_ns() + self._lead_ns
        portions: list[Portion] = self._each("serve", [(start_ns + offset.ns,) for offset in self._offsets])
        merge(recorder, portions, [offset.ns for offset in self._offsets])
        self.reports = tuple(
            GeneratorReport.of(portion, offset.measured_ns, offset.error_ns)
            for portion, offset in zip(portions, self._offsets, strict=True)
        )
        counts: Counter[str] = Counter()
        for portion in portions:
            counts.update(portion.counts)
        return dict(counts)

    def close(self) -> None:
        """The actors end with this process's part in the cluster."""
        self._exit.close()

    @property
    def _places(self) -> range:
        return range(len(self._actors))

    def _ask(self, place: int, method: str, *arguments: object) -> Any:
        import ray

        return self._got(place, method, getattr(self._actors[place], method).remote(*arguments), ray.get)

    def _each(self, method: str, arguments: Sequence[tuple[object, ...]]) -> list[Any]:
        """Ask all at once. The first that fails ends it: the others' part of a block is worth nothing alone."""
        import ray

        asked = {
            getattr(actor, method).remote(*given): place
            for place, (actor, given) in enumerate(zip(self._actors, arguments, strict=True))
        }
        answers: dict[int, Any] = {}
        while len(answers) < len(asked):
            waiting = [reference for reference, place in asked.items() if place not in answers]
            [done], _ = ray.wait(waiting, num_returns=1)
            answers[asked[done]] = self._got(asked[done], method, done, ray.get)
        return [answers[place] for place in self._places]

    def _got(self, place: int, method: str, reference: Any, get: Any) -> Any:
        """The answer. Raises what the generator raised, and GeneratorLost where it is no more."""
        from ray.exceptions import RayError, RayTaskError

        try:
            return get(reference)
        except RayTaskError as error:
            raise error.cause from None
        except RayError as error:
            lost = len(self._shares[place].places) if self._shares and method == "serve" else 0
            raise GeneratorLost(
                f"generator {place + 1} of {len(self._actors)} died ({type(error).__name__}) at {method}, and {lost} "
                "requests of the block with it"
            ) from error
