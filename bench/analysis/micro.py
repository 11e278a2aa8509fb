"""Raw rounds of pytest-benchmark, in the statistics of a run: exact order statistics with rank intervals.

pytest-benchmark states minimum, mean and standard deviation, which for latencies say little; from the raw data, which
`--benchmark-save-data` keeps, come the median and the tail as everywhere else here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.analysis.stats.dependence import effective_sample_size
from bench.analysis.stats.quantile import percentile_interval
from bench.analysis.stats.samples import Interval, TooFewSamples
from bench.errors import ConfigError, fault_of

PERCENTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
NEXT_STEP = "Next: pytest tests/perf --benchmark-enable --benchmark-json=FILE --benchmark-save-data"


@dataclass(frozen=True, slots=True)
class Micro:
    """One micro-benchmark. rounds: how often it was timed, `iterations` calls each. percentiles: s, or None.

    Rounds that follow each other are not independent: intervals are as wide as the effective size asks.
    """

    name: str
    rounds: int
    iterations: int
    percentiles: dict[str, Interval | None]


@dataclass(frozen=True, slots=True)
class MicroRun:
    """A file of micro-benchmarks. environment: the block that this project's tests/perf writes; {} without it."""

    benchmarks: tuple[Micro, ...]
    environment: dict[str, Any]


def read_micro(path: Path) -> MicroRun:
    """Read a pytest-benchmark file with raw data. Raises ConfigError for any other file."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        entries = document["benchmarks"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path}: no file of pytest-benchmark: {fault_of(error)}. {NEXT_STEP}") from error
    return MicroRun(tuple(_micro(path, entry) for entry in entries), document.get("environment", {}))


def _micro(path: Path, entry: Mapping[str, Any]) -> Micro:
    stats = entry["stats"]
    if not stats.get("data"):
        raise ConfigError(f"{path}: {entry['name']} has no raw data, and of summaries no interval is made. {NEXT_STEP}")
    seconds = stats["data"]
    percentiles = {name: _percentile(seconds, p) for name, p in PERCENTILES.items()}
    return Micro(entry["name"], len(seconds), int(stats.get("iterations", 1)), percentiles)


def _percentile(seconds: list[float], p: float) -> Interval | None:
    try:
        return percentile_interval(seconds, p, effective_n=effective_sample_size([seconds], p))
    except TooFewSamples:
        return None
