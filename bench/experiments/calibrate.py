"""Calibrate the instrument: its own cost and lateness, LoadGen's beside it, and queues whose answers are known."""

from __future__ import annotations

import contextlib
import importlib.metadata
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from bench.analysis.floor import Floor
from bench.analysis.known_answers import KnownAnswer, against_peer, against_theory, restated
from bench.analysis.known_queue import KnownQueue
from bench.experiments.calibration.instrument import Settle, StampCosts, TimeStamps
from bench.experiments.calibration.loadgen import PACKAGE, LoadGenQueue, loadgen_is_installed
from bench.experiments.calibration.process import MeasuringProcess
from bench.experiments.calibration.rounds import FloorPlan, LoadGenSide, OurSide, Side, measure_floors
from bench.experiments.calibration.serve_queue import ServeQueue
from bench.measure.environment import describe_environment
from bench.measure.waiting import Waiting

KNOWN_QUEUES: tuple[KnownQueue, ...] = (
    KnownQueue("fixed", 0.5, service_ms=5.0, requests=3_600),
    KnownQueue("fixed", 0.8, service_ms=5.0, requests=8_000),
    KnownQueue("exponential", 0.5, service_ms=5.0, requests=1_400),
    KnownQueue("exponential", 0.8, service_ms=5.0, requests=8_000),
)
"""Two and a half minutes together. The first has the most for its load: LoadGen serves it too, and p99 is compared.

Every seed is a draw of its own: one in ten misses more than one of the eight checks on a machine that disturbs nothing,
the default seed none.
"""
QUICK_SERVICE_MS = 1.0
QUICK_SHARE = 0.3
PEER = "loadgen"


@dataclass(frozen=True)
class Calibration:
    """All of it. loadgen: None without LoadGen. theory, agreement: known answers, from queueing and from LoadGen."""

    ours: Floor
    loadgen: Floor | None
    stamps: StampCosts
    waiting: Waiting
    theory: tuple[KnownAnswer, ...]
    agreement: tuple[KnownAnswer, ...]

    @property
    def sentence(self) -> str:
        """How many known answers were found."""
        told = f"{_inside(self.theory)} answers of queueing theory lie within 95 % bounds; one miss is chance."
        if self.agreement:
            told += f" Of LoadGen's percentiles, {_inside(self.agreement)}."
        return told

    def as_json(self) -> dict[str, Any]:
        """What --json writes; null stands for a number that does not exist."""
        environment = describe_environment()
        if self.loadgen is not None:
            environment["libraries"][PACKAGE] = importlib.metadata.version(PACKAGE)
        return {
            **self.ours.as_json(),
            **asdict(self.stamps),
            "known_answers": [_entry(answer) for answer in (*self.theory, *self.agreement)],
            "loadgen": None if self.loadgen is None else self.loadgen.as_json(),
            "waiting": asdict(self.waiting),
            "environment": environment,
        }


def quick(queue: KnownQueue) -> KnownQueue:
    """The same with shorter services and fewer requests: seconds instead of a minute, and wider bounds."""
    return replace(queue, service_ms=QUICK_SERVICE_MS, requests=round(QUICK_SHARE * queue.requests))


def calibrate(
    plan: FloorPlan, queues: tuple[KnownQueue, ...], say: Callable[[str], None], *, with_loadgen: bool
) -> Calibration:
    """Measure it all, one thing at a time; LoadGen too where it is wanted and installed.

    say: told of progress, between measurements. Raises NothingMeasured where a measuring process dies.
    """
    with contextlib.ExitStack() as ends:
        process = ends.enter_context(MeasuringProcess())
        waiting = process.ask(Settle())
        say(f"the inbox waits {waiting.why}")
        stamps = process.ask(TimeStamps())
        sides: list[Side] = [OurSide(process, plan)]
        theirs: MeasuringProcess | None = None
        if with_loadgen and loadgen_is_installed():
            theirs = ends.enter_context(MeasuringProcess())
            sides.append(LoadGenSide(theirs, plan))
        ours, *others = measure_floors(plan, sides, say)
        theory, agreement = _find_known_answers(queues, plan.seed, process, theirs, say)
    return Calibration(ours, others[0] if others else None, stamps, waiting, tuple(theory), tuple(agreement))


def _find_known_answers(
    queues: tuple[KnownQueue, ...],
    seed: int,
    process: MeasuringProcess,
    theirs: MeasuringProcess | None,
    say: Callable[[str], None],
) -> tuple[list[KnownAnswer], list[KnownAnswer]]:
    """Of every queue against theory, and of the first against LoadGen. theirs: LoadGen's process, where it runs."""
    theory: list[KnownAnswer] = []
    agreement: list[KnownAnswer] = []
    for queue in queues:
        observed = process.ask(ServeQueue(queue, seed))
        theory += against_theory(queue, observed)
        say(f"{queue.name}: {queue.requests:,} requests")
        if theirs is not None and not agreement:
            from_loadgen = theirs.ask(LoadGenQueue(queue, seed))
            agreement = [*against_peer(PEER, queue, observed, from_loadgen), *restated(PEER, from_loadgen)]
            say(f"{queue.name}, by LoadGen")
    return theory, agreement


def _inside(answers: tuple[KnownAnswer, ...]) -> str:
    return f"{sum(answer.ok for answer in answers)} of {len(answers)}"


def _entry(answer: KnownAnswer) -> dict[str, Any]:
    numbers = {name: getattr(answer, name) for name in ("measured", "expected", "low", "high")}
    finite = {name: value if math.isfinite(value) else None for name, value in numbers.items()}
    return {"name": answer.name, **finite, "ok": answer.ok}
