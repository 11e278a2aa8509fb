"""Several runs side by side: their statements, what differs between their machines, and ratios to the first run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any

import pandas as pd

from bench.analysis.cell import Cell, cells
from bench.analysis.comparable import differing_facts, obstacles, same_machine
from bench.analysis.ratios import RATIO_COLUMNS, common_blocks, ratio_values
from bench.analysis.shared_rate import shared_rate
from bench.analysis.statements import Statements
from bench.analysis.tax import rate_key
from bench.errors import ConfigError, RunsNotComparable

MOST_RUNS = len(ascii_uppercase)
KEYS = ["run", "arm", "load", "load_kind", "offered_per_s"]

Key = tuple[str, str, float | None]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Statements of several runs that may stand beside each other.

    names: a letter a run, "A" the first. ratios: KEYS and RATIO_COLUMNS, one row a run after the first, arm and load
    point: that run / the first, empty for a run of another machine. facts: what differs between machines and software.
    obstacles: why the runs should not be compared, overridden by force; then no ratio is claimed.
    """

    names: tuple[str, ...]
    runs: tuple[Statements, ...]
    ratios: pd.DataFrame
    facts: dict[str, tuple[str, ...]]
    obstacles: tuple[str, ...] = ()

    @property
    def other_machines(self) -> tuple[str, ...]:
        """The letters of the runs of another machine than the first's."""
        first, *others = self.runs
        named = zip(self.names[1:], others, strict=True)
        return tuple(name for name, run in named if not same_machine(first.run, run.run))

    @property
    def shared(self) -> tuple[str, float] | None:
        """Load and rate: the highest that every arm of every run sustains; None where there is none."""
        return shared_rate(pd.concat([run.summary.assign(arm=name + "/" + run.summary["arm"].astype(str))
                                      for name, run in zip(self.names, self.runs, strict=True)]))  # fmt: skip


def compare(runs: Sequence[Statements], *, force: bool = False) -> Comparison:
    """Put runs side by side. Raises RunsNotComparable, unless forced, and ConfigError for fewer than two runs."""
    if not 2 <= len(runs) <= MOST_RUNS:
        raise ConfigError(f"compare: {len(runs)} runs, but 2 to {MOST_RUNS} are compared. Next: name another run")
    if len({run.run["id"] for run in runs}) < len(runs):
        raise ConfigError("compare: the same run is named twice. Next: name each run once")
    against = obstacles([run.run for run in runs])
    if against and not force:
        raise RunsNotComparable(
            f"these runs cannot be compared: {'; '.join(against)}. Next: runs of one scenario on the same data, or "
            "--force, which marks the page"
        )
    names = tuple(ascii_uppercase[: len(runs)])
    ratios = pd.DataFrame([] if against else _ratio_rows(names, runs), columns=[*KEYS, *RATIO_COLUMNS])
    return Comparison(names, tuple(runs), ratios, differing_facts([run.run for run in runs]), against)


def _ratio_rows(names: Sequence[str], runs: Sequence[Statements]) -> list[dict[str, Any]]:
    first, *others = runs
    base = _latency_cells(first)
    rows = []
    for name, other in zip(names[1:], others, strict=True):
        if same_machine(first.run, other.run):
            heads = _latency_cells(other)
            rows += [_ratio_row(name, base[key], heads[key]) for key in base if key in heads]
    return rows


def _latency_cells(statements: Statements) -> dict[Key, Cell]:
    """The cells that have latencies of lists, those of saturated load points left out."""
    saturated = statements.summary[statements.summary["saturated"].astype(bool)]
    lost = {(row["arm"], row["load"], rate_key(row["offered_per_s"])) for row in saturated.to_dict("records")}
    found = {
        (cell.arm["name"], cell.load, rate_key(cell.offered_per_s)): cell
        for cell in cells(statements.run, statements.requests)
        if cell.request_kind == "recommend" and cell.in_latency_load
    }
    return {key: cell for key, cell in found.items() if key not in lost}


def _ratio_row(name: str, base: Cell, head: Cell) -> dict[str, Any]:
    base, head = common_blocks(base, head)
    place = (name, head.arm["name"], head.load, head.load_kind, head.offered_per_s)
    row: dict[str, Any] = dict(zip(KEYS, place, strict=True))
    return row | (ratio_values(base.nested(base.response_ms), head.nested(head.response_ms)) if len(base.rows) else {})
