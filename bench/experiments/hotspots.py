"""One arm under Python's profiler, outside any timed run: where its own code spends its time.

The profiler makes every call slower, so its seconds compare functions with each other and are no latencies.
"""

from __future__ import annotations

import cProfile
import pstats
from collections.abc import Callable
from pathlib import Path

from bench.analysis.profile import Hotspot, Profile
from bench.errors import ConfigError
from bench.measure.assignment import Assignment, read_trace
from bench.measure.slices import cut_slices
from bench.measure.worker import WarmUp, Worker
from bench.scenario import Scenario

ROOTS = ("site-packages", "dist-packages", "bench", "recsys")
"""Folders from which on a file's path is told: enough to find it, and nothing of the machine's own."""


def profile_arm(
    scenario: Scenario, data_dirs: tuple[Path, ...], requests: int, out: Path, say: Callable[[str], None]
) -> Profile:
    """Serve so many requests of the scenario's trace one by one to its only arm, and write the profile to a file.

    out: a file for `pstats`, `snakeviz` and the like. Raises ConfigError where it cannot be written or the scenario has
    several arms, RecsysError where the arm cannot be built.
    """
    if len(scenario.arm) != 1:
        raise ConfigError(f"scenario {scenario.name}: {len(scenario.arm)} arms. Next: name one of them with --arm")
    table = scenario.arm[0].model_copy(update={"workers": 1})  # a profiler sees the thread that it was started in
    warmup = cut_slices(scenario)[0]
    end = warmup.high + requests
    say(f"{table.title}: loading the model, warming up")
    assignment = Assignment(scenario, table, data_dirs, end)
    worker = Worker(assignment, read_trace(assignment))
    worker.look_around()
    worker.warm_up(WarmUp(warmup.low, warmup.high))
    say(f"serving {requests} requests under the profiler")
    profiler = cProfile.Profile()
    profiler.runcall(worker.serve_untimed, warmup.high, end)
    try:
        profiler.dump_stats(out)
    except OSError as error:
        raise ConfigError(f"--out {out}: cannot be written: {error}. Next: another file") from error
    return _told(table.title, requests, profiler)


def _told(label: str, requests: int, profiler: cProfile.Profile) -> Profile:
    stats = pstats.Stats(profiler).get_stats_profile()
    found = [
        Hotspot(_place(name, entry), int(str(entry.ncalls).partition("/")[0]), entry.tottime, entry.cumtime)
        for name, entry in stats.func_profiles.items()
    ]
    return Profile(label, requests, stats.total_tt, tuple(sorted(found, key=lambda spot: -spot.own_s)))


def _place(name: str, entry: pstats.FunctionProfile) -> str:
    """`pipeline.py:123 recommend` with the folders that matter; built-in functions by their name alone."""
    if not entry.line_number:
        return name
    parts = Path(entry.file_name).parts
    start = max((place for place, part in enumerate(parts) if part in ROOTS), default=len(parts) - 1)
    kept = parts[start + 1 if parts[start].endswith("-packages") else start :]
    return f"{'/'.join(kept)}:{entry.line_number} {name}"
