"""One side of a gate: a process in its own checkout that forks a fresh process for every measurement.

Started as `python -m bench.experiments.gate.side`; answers one JSON line on standard output for each on standard input.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import multiprocessing
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

from bench.errors import BenchError, ConfigError
from bench.experiments.gate.messages import PROTOCOL, Measure, Measured, Message, Prepare, Prepared, Refused
from bench.measure.assignment import Assignment, read_trace
from bench.measure.environment import describe_environment
from bench.measure.life import Lived, Part, live
from bench.measure.probes import PROBES
from bench.measure.schedules import draw_schedules
from bench.measure.slices import counted_requests, cut_slices
from bench.measure.wire import receive
from bench.measure.worker import UNWANTED, Cause, Failure
from bench.scenario import Scenario
from bench.scenario_file import Overrides, read_scenario
from bench.threads import let_threads_sleep
from recsys.errors import RecsysError
from recsys.models.artefacts import ArtefactCache

LIFE_LIMIT_S = 600.0


class GateSide:
    """Holds data, requests and schedules of a scenario; every measurement is a process forked from here."""

    def __init__(self, asked: Prepare) -> None:
        """Draw everything. Raises ConfigError and RecsysError."""
        self.data_dirs = tuple(Path(folder) for folder in asked.data_dirs)
        self.scenario = stretched(read_text(asked.scenario, asked.overrides), asked.blocks)
        self.warmup, self.slices = cut_slices(self.scenario)
        self.trace = read_trace(self._assignment(self.scenario.arm[0].name))
        self.schedules = draw_schedules(self.scenario.seed, self.slices, self.data_dirs)
        self._fork = multiprocessing.get_context("fork")
        PROBES.kinds()  # from their files, here and not in every child

    def describe(self) -> Prepared:
        """Build every arm once: what is exported or quantised then lies ready, and what cannot be built is known.

        What building imports is then imported here, so that no later process must; importing starts no threads. Raises
        ConfigError where an arm contradicts itself.
        """
        absent = {}
        for arm in self.scenario.arm:
            lived = self._live(arm.name, [])
            if isinstance(lived, Failure):
                if lived.cause is Cause.CONFIGURATION:
                    raise ConfigError(f'arm "{arm.name}": {lived.reason}')
                absent[arm.name] = lived.reason
            else:
                _import(lived.modules)
        gc.collect()
        gc.freeze()  # or the first collection of every child would copy what it inherits
        return Prepared(
            protocol=PROTOCOL,
            arms={arm.name: arm.title for arm in self.scenario.arm},
            absent=absent,
            trace_sha256=self.trace.sha256,
            code=describe_environment()["code"],
        )

    def measure(self, asked: Measure) -> Measured:
        """Serve one block at every load point, in a fresh process; once more where that had to build a model first."""
        parts = [
            Part(part, schedule.intended_ns if (schedule := self.schedules.get((part.point, part.block))) else None)
            for part in self.slices
            if part.block == asked.block
        ]
        built = ArtefactCache().state()
        lived = self._live(asked.arm, parts)
        if ArtefactCache().state() != built:
            lived = self._live(asked.arm, parts)
        return Measured(reason=lived.reason) if isinstance(lived, Failure) else Measured(points=lived.points)

    def _live(self, arm: str, parts: list[Part]) -> Lived | Failure:
        let_threads_sleep()
        ours, theirs = self._fork.Pipe()
        arguments = (theirs, self._assignment(arm), self.trace, self.warmup, parts)
        process = self._fork.Process(target=live, args=arguments, daemon=True)
        process.start()
        theirs.close()
        try:
            if not ours.poll(LIFE_LIMIT_S):
                process.kill()
                return Failure(Cause.FAULT, f"no answer within {LIFE_LIMIT_S:.0f} s")
            answer: Lived | Failure = receive(ours)
        except (EOFError, ConnectionResetError):
            process.join()
            return Failure(Cause.FAULT, f"the process died (exit code {process.exitcode})")
        finally:
            process.join()
            ours.close()
        return answer

    def _assignment(self, arm: str) -> Assignment:
        table = next(table for table in self.scenario.arm if table.name == arm)
        return Assignment(self.scenario, table, self.data_dirs, self.slices[-1].high)


def _import(modules: Sequence[str]) -> None:
    """Import what another process found; what cannot be imported by its name alone is left to the children."""
    for name in modules:
        with contextlib.suppress(ImportError, AttributeError):
            importlib.import_module(name)


def read_text(text: str, overrides: list[str]) -> Scenario:
    """A scenario from its text. Raises ConfigError."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "scenario.toml"
        path.write_text(text, encoding="utf-8")
        try:
            return read_scenario(path, Overrides(tuple(overrides))).scenario
        except ConfigError as error:
            raise ConfigError(str(error).replace(str(path), "the scenario")) from error


def stretched(scenario: Scenario, blocks: int) -> Scenario:
    """The scenario with so many blocks, each as long as one of its own, in one process each."""
    loads = []
    for load in scenario.load:
        point = next(point for point in scenario.load_points() if point.table is load)
        loads.append(load.model_copy(update={"requests": counted_requests(point, scenario) * blocks}))
    cut = scenario.blocks.model_copy(update={"count": blocks, "processes": 1})
    return scenario.model_copy(update={"load": tuple(loads), "blocks": cut})


def main() -> int:
    """Answer until standard input ends."""
    sys.modules.setdefault(UNWANTED, None)  # type: ignore[arg-type]  # as in every worker
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints goes to standard error
    side: GateSide | None = None
    for line in sys.stdin:
        content = json.loads(line)
        try:
            if "scenario" in content:
                side = GateSide(Prepare(**content))
                _say(answers, side.describe())
            elif side is not None:
                _say(answers, side.measure(Measure(**content)))
        except (BenchError, RecsysError) as error:
            _say(answers, Refused(reason=str(error), exit_code=getattr(error, "exit_code", ConfigError.exit_code)))
    return 0


def _say(answers: TextIO, message: Message) -> None:
    answers.write(message.model_dump_json() + "\n")
    answers.flush()


if __name__ == "__main__":
    raise SystemExit(main())
