"""The parent of a run: walks processes, load points, blocks and arms in balanced order and collects what they measure.

Only one arm works at a time. Nothing is said while a block is timed.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bench.arm_state import ArmState
from bench.clock import compact_stamp, utc_stamp
from bench.errors import ConfigError, NothingMeasured, Stopped
from bench.measure.assignment import Assignment, Generation
from bench.measure.company import Company
from bench.measure.environment import describe_environment, load_average
from bench.measure.floor_lists import FLOOR_LABELS, floor_lists
from bench.measure.generators import EngineChoice, started_engine
from bench.measure.pool import ArmAbsent, ArmFailed, ArmMisconfigured, WorkerPool
from bench.measure.schedules import draw_schedules, schedule_hashes
from bench.measure.scoring import Scores, score_arms, score_floors
from bench.measure.slices import Slice, counted_requests, cut_slices
from bench.measure.soak import soaked
from bench.measure.worker import Serve, WarmUp
from bench.resumption import Kept
from bench.rows import (
    Origin,
    block_rows,
    floor_rows,
    positions_of,
    recommended_positions,
    user_hashes,
    with_quality,
    with_users,
)
from bench.run_entries import block_entry, data_entry, scenario_entries
from bench.scenario_file import ScenarioFile
from bench.store import RUNNING, RunFolder
from bench.text_rows import text_rows
from bench.traffic.rates import resolve_rates
from bench.traffic.requests import draw_trace
from bench.traffic.seeds import stream
from bench.traffic.trace import Trace
from recsys.data.loading import load_dataset
from recsys.evaluation import cold_users
from recsys.types import Positions


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What is to be run. out: the folder in which run folders are made. keep_texts: users' words and histories too.

    engine: who offers scheduled requests. kept: the run that is resumed, whose blocks are not measured again.
    """

    file: ScenarioFile
    data_dirs: tuple[Path, ...]
    out: Path
    keep_texts: bool = False
    kept: Kept | None = None
    engine: EngineChoice = EngineChoice()


def run_scenario(request: RunRequest, say: Callable[[str], None]) -> Path:
    """Measure a scenario and store the run; returns its folder.

    say: told of progress between blocks. Raises ConfigError, RecsysError, RunsNotComparable (nothing is left behind),
    NothingMeasured, ResultsUnwritable. When interrupted it keeps what was measured, marked stopped, and raises Stopped;
    KeyboardInterrupt when that is nothing. Killed, it leaves a `.partial` folder that can be read and resumed.
    """
    with Company() as company, started_engine(request.engine, request.file.scenario) as generation:
        if not company.is_alone:
            say("another run is measuring on this machine: the timings of both are contaminated")
        return _Run(request, say, generation, company.is_alone).run()


class _Run:
    def __init__(self, request: RunRequest, say: Callable[[str], None], generation: Generation, is_alone: bool) -> None:
        self.request = request
        self.generation = generation
        self.is_alone = is_alone
        self.say = say
        self.scenario = soaked(resolve_rates(request.file.scenario, request.data_dirs))
        data = self.scenario.data
        self.dataset = load_dataset(data.kind, data_dirs=request.data_dirs, **data.options)
        if self.scenario.requests.k > len(self.dataset.items):
            raise ConfigError(
                f"scenario {self.scenario.name}: requests.k = {self.scenario.requests.k}, but the catalogue has "
                f"{len(self.dataset.items)} items. Next: lower requests.k"
            )
        self.cold_users = cold_users(self.dataset, data.train_share)
        self.warmup, self.slices = cut_slices(self.scenario)
        self.trace: Trace = draw_trace(self.scenario, self.dataset, self.slices[-1].high, request.data_dirs)
        self.schedules = draw_schedules(self.scenario.seed, self.slices, request.data_dirs)
        self.kept = kept = request.kept
        self.arms = {arm.name: ArmState(arm, earlier=kept.arm(arm.name) if kept else {}) for arm in self.scenario.arm}
        self.salt = secrets.token_bytes(16)
        self.blocks: list[dict[str, Any]] = []
        self.served: set[tuple[str, int]] = set()  # an arm, and the first row of a slice that it is done with
        self.warnings: list[str] = []
        self.environment = describe_environment()
        self.started_utc = utc_stamp()
        self.load_before = load_average()

    def run(self) -> Path:
        if self.kept:
            self.kept.check(self._describe(RUNNING))
        self.folder = RunFolder(self.request.out, f"{compact_stamp()}_{self.scenario.name}_{self.scenario.hash[:8]}")
        try:
            self.folder.write_floors(floor_rows({}, FLOOR_LABELS, self._users()))
            if self.kept:
                self._keep(self.kept)
            self.folder.write_run(self._describe(RUNNING))
            for process in range(self.scenario.blocks.processes):
                self._run_process(process)
        except KeyboardInterrupt:
            return self._conclude("stopped")
        except ConfigError:
            self.folder.discard()
            raise
        if not self.blocks:
            self.folder.discard()
            reasons = "; ".join(f"{name}: {state.reason}" for name, state in self.arms.items())
            raise NothingMeasured(f"no arm of {self.scenario.name} could be measured: {reasons}")
        return self._conclude("complete")

    def _keep(self, kept: Kept) -> None:
        """Take over the blocks of an earlier run."""
        users, place_of = self._users(), {item.item_id: place for place, item in enumerate(self.dataset.items)}
        parts = {(part.point.name, part.point.offered_per_s, part.block): part for part in self.slices if part.point}
        for entry, rows in kept.blocks(self.scenario):
            part, state = parts[entry["load"], entry["offered_per_s"], entry["block"]], self.arms[entry["arm"]]
            lists = positions_of(rows.column("recommended"), place_of, self.scenario.requests.k)
            self.folder.add_block(with_users(rows, users), entry)
            self._count(state, part, lists, entry)
        self.warnings.append(kept.warning)
        self.say(f"resuming {kept.run['id']}: {len(self.blocks)} blocks are kept")

    def _count(self, state: ArmState, part: Slice, lists: Positions, entry: dict[str, Any]) -> None:
        """A block is stored: its arm is done with the slice."""
        state.blocks.append((part, lists))
        state.errors.update(entry.get("errors", {}))
        self.blocks.append(entry)
        self.served.add((state.table.name, part.low))

    def _run_process(self, process: int) -> None:
        points = list(self._by_point(process))
        with WorkerPool() as pool:
            for state in self._present():
                if self._missing(state, [part for point_slices in points for part in point_slices]):
                    self._start(pool, state)
            warm: set[str] = set()
            for point_slices in points:
                self._warm_up(pool, point_slices, warm)
                for part in point_slices:
                    for name in self._order(part):
                        self._serve(pool, self.arms[name], part, process)
                    self.say(self._progress(part))

    def _start(self, pool: WorkerPool, state: ArmState) -> None:
        self.say(f"{state.table.title}: loading the model, encoding {len(self.dataset.items)} items")
        n, data_dirs = self.slices[-1].high, self.request.data_dirs
        assignment = Assignment(self.scenario, state.table, data_dirs, n, self.generation)
        self._guard(state, lambda name: state.ready.append(pool.start(assignment)))
        self.folder.write_run(self._describe(RUNNING))  # what the arm is, should nothing more be written

    def _warm_up(self, pool: WorkerPool, point_slices: Sequence[Slice], warm: set[str]) -> None:
        """Every arm before its first load point; an arm with a cache before each, since its cache starts anew there.

        warm: the arms that this process has warmed up.
        """
        for state in self._present():
            if self._missing(state, point_slices) and (state.table.cache or state.table.name not in warm):
                warm.add(state.table.name)
                self._guard(state, lambda name: pool.warm_up(name, WarmUp(self.warmup.low, self.warmup.high)))

    def _serve(self, pool: WorkerPool, state: ArmState, part: Slice, process: int) -> None:
        if state.status != "measured" or not self._missing(state, [part]):
            return
        schedule = self.schedules.get((part.point, part.block))
        intended_ns = schedule.intended_ns if schedule else None
        served = self._guard(state, lambda name: pool.serve(name, Serve(part, intended_ns)))
        if served is None:
            return
        if served.handed is not None:
            state.handed.append((part, served.handed.candidates))
        settling = len(part) - counted_requests(part.point, self.scenario) if part.point else 0
        origin = Origin(state.table, part, settling, process, self.trace, self.salt, self.cold_users)
        entry = block_entry(state.table.name, part, process, served)
        self.folder.add_block(block_rows(origin, served), entry)
        self._count(state, part, served.recommended, entry)

    def _missing(self, state: ArmState, parts: Sequence[Slice]) -> bool:
        """Whether an arm has yet to serve one of these slices."""
        return any((state.table.name, part.low) not in self.served for part in parts)

    def _guard(self, state: ArmState, work: Callable[[str], Any]) -> Any:
        """Do it; an arm that cannot go on leaves the run, the others stay."""
        try:
            return work(state.table.name)
        except ArmMisconfigured as error:
            if not self.blocks:  # nothing is lost by mending the scenario first
                raise ConfigError(error.reason) from error
            state.leave("failed", error.reason)
        except ArmAbsent as error:
            state.leave("skipped", error.reason)
        except ArmFailed as error:
            state.leave("failed", error.reason, error.details)
        self.folder.write_run(self._describe(RUNNING))
        self.say(f"{state.table.title}: {state.status}: {state.reason}")
        return None

    def _present(self) -> list[ArmState]:
        return [state for state in self.arms.values() if state.status == "measured"]

    def _by_point(self, process: int) -> Iterator[list[Slice]]:
        """The slices of one process, one list a load point."""
        for point in self.scenario.load_points():
            processes = self.scenario.blocks.processes
            yield [part for part in self.slices if part.point == point and part.block % processes == process]

    def _order(self, part: Slice) -> list[str]:
        """Arms in a shuffled order, reversed in every second block of a process: none always follows the same one."""
        assert part.point is not None
        processes = self.scenario.blocks.processes
        process, turn = part.block % processes, part.block // processes
        shuffled = list(self.arms)
        stream(self.scenario.seed, "order", part.point.title, process, turn // 2).shuffle(shuffled)
        return shuffled if turn % 2 == 0 else shuffled[::-1]

    def _progress(self, part: Slice) -> str:
        title = part.point.title if part.point else ""
        return f"{title}: block {part.block + 1} of {self.scenario.blocks.count}"

    def _conclude(self, status: str) -> Path:
        """Score the lists, write everything, give the folder its name. Interrupted meanwhile, it leaves quality out.

        Raises Stopped at the end of a run that was interrupted, KeyboardInterrupt when nothing was measured.
        """
        if not self.blocks:
            self.folder.discard()
            raise KeyboardInterrupt
        arms: Scores = {}
        floors: Scores = {}
        try:
            arms, floors = self._score() if self.scenario.soak_s is None else ({}, {})
        except KeyboardInterrupt:
            status = "stopped"
            self.warnings.append("quality was not measured: the run was stopped before")
        self.folder.merge(lambda rows: with_quality(rows, arms))
        self.folder.write_floors(floor_rows(floors, FLOOR_LABELS, self._users()))
        if self.request.keep_texts:
            self.folder.write_texts(text_rows(self.scenario, self.trace, self.slices))
        self.folder.write_run(self._describe(status))
        folder = self.folder.finish()
        if status == "stopped":
            raise Stopped(folder)
        return folder

    def _users(self) -> pa.DictionaryArray:
        """Hashes of the users, by row of the trace."""
        return user_hashes(self.trace, self.salt, 0, self.slices[-1].high)

    def _score(self) -> tuple[Scores, Scores]:
        """Quality of the arms with real weights, and of the floors."""
        self.say("scoring the recommendations against the fp32 reference, untimed")
        n = self.slices[-1].high
        lists = {name: recommended_positions(state.blocks, n) for name, state in self.arms.items() if state.blocks}
        tables = {name: self.arms[name].table for name in lists if self.arms[name].real_weights}
        handed = {name: recommended_positions(self.arms[name].handed, n) for name in tables if self.arms[name].handed}
        arms = score_arms(self.scenario, tables, lists, self.trace, self.slices, self.warnings.append, handed)
        for name in handed:  # what a re-ranker was handed in an earlier run is not stored
            for part in self.arms[name].unhanded:
                arms[name]["candidate_recall"][part.low : part.high] = np.nan
        return arms, score_floors(
            self.scenario, floor_lists(self.scenario, self.trace, self.slices), self.trace, self.slices
        )

    def _describe(self, status: str) -> dict[str, Any]:
        return {
            "status": status,
            "started_utc": self.started_utc,
            "ended_utc": utc_stamp(),
            **scenario_entries(replace(self.request.file, scenario=self.scenario)),
            "measured_alone": self.is_alone,
            "generation": self.request.engine.entry,
            "resumed": list(self.kept.history) if self.kept else [],
            "trace_sha256": self.trace.sha256,
            "schedules_sha256": schedule_hashes(self.schedules),
            "environment": self.environment
            | {"load_average": {"before": self.load_before, "after": load_average(), "cores": os.cpu_count()}},
            "data": data_entry(self.dataset),
            "arms": [state.describe() for state in self.arms.values()],
            "blocks": self.blocks,
            "warnings": [*self.dataset.warnings, *self.warnings],
        }
