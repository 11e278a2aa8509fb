"""What a run that is resumed keeps of an earlier one that was stopped, or whose process was killed.

The earlier run stays as it is: its blocks are copied into a new run, which measures those that are missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.errors import ConfigError, RunsNotComparable
from bench.measure.generators import EngineChoice
from bench.parts import part_paths
from bench.scenario import Scenario
from bench.scenario_file import ScenarioFile
from bench.store import REQUESTS_FILE, load_run
from bench.stored_scenario import stored_scenario

SAME = ("trace_sha256", "schedules_sha256")
SAME_PLACES = (("cpu", "model"), ("python", "version"), ("libraries",))
"""Of the environment: blocks of one run are held against each other."""


@dataclass(frozen=True)
class Kept:
    """An earlier run. run: its run.json; file: its scenario, as it was asked for."""

    folder: Path
    run: dict[str, Any]
    file: ScenarioFile

    @property
    def history(self) -> list[dict[str, Any]]:
        """The runs that this one goes on from, the oldest first."""
        earlier = {name: self.run[name] for name in ("id", "status", "started_utc", "ended_utc", "environment")}
        return [*self.run.get("resumed", []), earlier]

    @property
    def generation(self) -> dict[str, Any]:
        """Who offered its requests; runs of before there was a choice do not say, or not with which options."""
        return EngineChoice().entry | dict(self.run.get("generation", {}))

    @property
    def warning(self) -> str:
        """What a reader of the new run must know."""
        return (
            f"resumed from {self.run['id']}: its blocks were measured by other processes and at another time than "
            "the rest, under the same number of a process"
        )

    def arm(self, name: str) -> dict[str, Any]:
        """The entry of an arm in run.json, {} where it was never built."""
        return next((arm for arm in self.run["arms"] if arm["name"] == name and arm["info"]), {})

    def check(self, run: Mapping[str, Any]) -> None:
        """Raises RunsNotComparable where the new run's run.json tells of other requests or another machine."""
        differing = [name for name in SAME if run[name] != self.run[name]]
        if run["generation"] != self.generation:
            differing.append("generation")
        for path in SAME_PLACES:
            here, there = run["environment"], self.run["environment"]
            for word in path:
                here, there = here.get(word), there.get(word)
            if here != there:
                differing.append(" ".join(path))
        if differing:
            raise RunsNotComparable(
                f"{self.folder}: {', '.join(differing)} are others by now, so its blocks and new ones cannot be held "
                "against each other. Next: resume where it was measured, or measure anew"
            )

    def blocks(self, scenario: Scenario) -> Iterator[tuple[dict[str, Any], pa.Table]]:
        """The blocks that are kept: the entry in run.json and the rows of each.

        Of an arm with a cache only load points that a process had done with: what a cache holds depends on the blocks
        before, so one that was left in the middle is measured anew.
        """
        cached = {arm.name for arm in scenario.arm if arm.cache}
        done = Counter(_stretch(entry) for entry in self.run["blocks"])
        for entry, rows in self._rows():
            whole = len(range(entry["process"], scenario.blocks.count, scenario.blocks.processes))
            if entry["arm"] not in cached or done[_stretch(entry)] == whole:
                yield entry, rows

    def _rows(self) -> Iterator[tuple[dict[str, Any], pa.Table]]:
        parts = part_paths(self.folder)
        if len(parts) == len(self.run["blocks"]):  # fewer are left where a merged run was killed while it tidied up
            yield from zip(self.run["blocks"], map(pq.read_table, parts), strict=True)
            return
        table = pq.read_table(self.folder / REQUESTS_FILE)
        for entry in self.run["blocks"]:
            same = [pc.equal(table[name], pa.scalar(entry[name])) for name in ("arm", "load", "block")]
            rate = entry["offered_per_s"]
            offered = table["offered_per_s"]
            same.append(pc.is_null(offered) if rate is None else pc.equal(offered, rate))
            mask = same[0]
            for other in same[1:]:
                mask = pc.and_(mask, other)
            yield entry, table.filter(mask)


def read_kept(where: str | Path) -> Kept:
    """What can be kept of a stored run. Raises ConfigError where nothing is missing, or it cannot be read."""
    stored = load_run(where)
    scenario = stored_scenario(stored)
    planned = len(scenario.arm) * len(scenario.load_points()) * scenario.blocks.count
    if len(stored.run["blocks"]) == planned:
        raise ConfigError(f"{stored.folder}: all of its {planned} blocks were measured. Next: llm-rec-bench report")
    file = ScenarioFile(scenario, stored.run["scenario_text"], tuple(stored.run["overrides"]))
    return Kept(stored.folder, stored.run, file)


def _stretch(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    """What one process of an arm serves at one load point."""
    return tuple(entry[name] for name in ("arm", "load", "offered_per_s", "process"))
