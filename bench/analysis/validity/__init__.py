"""A run judges itself: one class a check, each with a threshold relative to what is measured.

A check is registered under its name by `@check`, in a module of this package; adding one edits no other file.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeVar

import numpy as np
import pandas as pd

from bench.analysis.cell import Cell, cells
from bench.analysis.statements import Finding, Verdict


@dataclass(frozen=True)
class Evidence:
    """What the checks look at. run: run.json; requests: one row a request; summary: one row a cell."""

    run: dict[str, Any]
    requests: pd.DataFrame
    summary: pd.DataFrame

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Cells of lists, those of saturated load points left out."""
        rows = self.summary[self.summary["saturated"]]
        saturated = set(zip(rows["arm"], rows["load"], rows["offered_per_s"].fillna(0.0), strict=True))
        return tuple(
            cell
            for cell in cells(self.run, self.requests)
            if cell.request_kind == "recommend"
            and (cell.arm["name"], cell.load, float(np.nan_to_num(cell.offered_per_s))) not in saturated
        )

    @property
    def blocks(self) -> list[dict[str, Any]]:
        """What was read in every block."""
        return list(self.run["blocks"])

    @property
    def cores(self) -> int:
        """Cores of the machine."""
        return int(self.run["environment"]["load_average"]["cores"])

    def labels(self, of_block: Callable[[dict[str, Any]], bool]) -> str:
        """Labels of the arms that have such a block, "" where none has."""
        label_of = {arm["name"]: arm["label"] for arm in self.run["arms"]}
        return ", ".join(sorted({label_of[block["arm"]] for block in self.blocks if of_block(block)}))

    def rate(self, reading: str, shortest_s: float = 0.0) -> float:
        """Seconds of a reading in a second of the blocks at least so long; 0 where no block has it."""
        blocks = [block for block in self.blocks if reading in block and block["wall_s"] >= shortest_s]
        wall_s = sum(block["wall_s"] for block in blocks)
        return sum(block[reading] for block in blocks) / wall_s if wall_s else 0.0


class Check(Protocol):
    """Looks at a whole run and reports what makes its numbers less trustworthy."""

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """Nothing where all is well."""


_Kind = TypeVar("_Kind", bound=type[Check])
_CHECKS: dict[str, Check] = {}


def check(kind: _Kind) -> _Kind:
    """Register a check under its class's name."""
    _CHECKS[kind.__name__] = kind()
    return kind


def known_checks() -> dict[str, Check]:
    """Every check by its class's name."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(_CHECKS.items()))


def judge(run: dict[str, Any], requests: pd.DataFrame, summary: pd.DataFrame) -> tuple[Verdict, tuple[Finding, ...]]:
    """The worst verdict of all checks, and everything they found, the worst first."""
    order = [Verdict.INVALID, Verdict.DEGRADED, Verdict.VALID]
    evidence = Evidence(run, requests, summary)
    found = [finding for one in known_checks().values() for finding in one.findings(evidence)]
    found.sort(key=lambda finding: order.index(finding.verdict))
    return (found[0].verdict if found else Verdict.VALID), tuple(found)


def graded(amount: float, degraded: float, invalid: float) -> Verdict | None:
    """The verdict on an amount by what it exceeds, None where it exceeds nothing."""
    if amount <= degraded:
        return None
    return Verdict.INVALID if amount > invalid else Verdict.DEGRADED


def titles(rows: pd.DataFrame) -> str:
    """Arms and load points of rows of the summary, in words."""
    places = [
        f"{row['label']}, {row['load']}" + ("" if np.isnan(row["offered_per_s"]) else f" {row['offered_per_s']:g}/s")
        for row in rows.to_dict("records")
    ]
    return "; ".join(places)


def place(cell: Cell) -> str:
    """A cell in words: "MiniLM at 40/s"."""
    where = f"in {cell.load}" if np.isnan(cell.offered_per_s) else f"at {cell.offered_per_s:g}/s"
    return f"{cell.arm['label']} {where}"


__all__ = ["Check", "Evidence", "check", "graded", "judge", "known_checks", "place", "titles"]
