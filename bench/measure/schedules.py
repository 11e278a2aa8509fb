"""The schedules of a run: drawn by the parent before anything is measured, the same for every arm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.measure.loads import LOADS
from bench.measure.slices import Slice
from bench.scenario import LoadPoint
from bench.traffic.schedule import Schedule, draw_schedule


def draw_schedules(
    seed: int, slices: Sequence[Slice], data_dirs: Sequence[Path]
) -> dict[tuple[LoadPoint | None, int], Schedule]:
    """The schedule of every slice of an open loop, by load point and block. slices: block after block.

    data_dirs: where a recording is looked up. Raises DataError for one that cannot be used, ConfigError for one that is
    too short.
    """
    schedules: dict[tuple[LoadPoint | None, int], Schedule] = {}
    before: Counter[LoadPoint] = Counter()
    for part in slices:
        point, n = part.point, len(part)
        if point is None or not LOADS.get(point.table.kind).open_loop:
            continue
        schedules[point, part.block] = draw_schedule(
            seed, point, part.block, n, before=before[point], data_dirs=data_dirs
        )
        before[point] += n
    return schedules


def schedule_hashes(schedules: Mapping[tuple[LoadPoint | None, int], Schedule]) -> dict[str, str]:
    """The hash of every schedule, by load point and block in words."""
    return {f"{point.title} block {block}": schedule.sha256 for (point, block), schedule in schedules.items() if point}
