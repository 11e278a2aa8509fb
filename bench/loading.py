"""A stored run for notebooks and scripts: its tables as pandas frames, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.analysis.conclude import conclude
from bench.analysis.statements import Finding, Statements, Verdict
from bench.store import load_run as read_run

if TYPE_CHECKING:
    import pandas as pd

NS_PER_MS = 1e6


@dataclass(frozen=True, repr=False)
class Run:
    """What a run measured and what is said of it; the frames have the columns of results/README.md.

    requests: one row a request, and beside the stamps `response_ms` (observed − intended, inf without an answer),
    `queue_ms` (taken − intended) and `service_ms` (observed − taken). summary: one row an arm, load point and request
    kind. stages: ms a stage. quality: one row an arm or floor, group and metric. tax: differences and ratios to the
    baseline. answer, verdict, findings: as report, show and compare say them. document: all of run.json.
    """

    folder: Path
    document: dict[str, Any]
    requests: pd.DataFrame
    summary: pd.DataFrame
    stages: pd.DataFrame
    quality: pd.DataFrame
    tax: pd.DataFrame
    answer: str
    verdict: Verdict
    findings: tuple[Finding, ...]

    @property
    def id(self) -> str:
        """The name of its folder when it was measured."""
        return str(self.document["id"])

    @property
    def arms(self) -> tuple[str, ...]:
        """The names of the arms that were measured, in the scenario's order."""
        return tuple(arm["name"] for arm in self.document["arms"] if arm["status"] == "measured")

    def __repr__(self) -> str:
        return f"Run({self.id}: {self.verdict.value}, {len(self.requests):,} requests, arms {', '.join(self.arms)})"


def load_run(where: str | Path) -> Run:
    """Read a run and conclude anew what it says; nothing is written.

    where: a run's folder, or its name in ./results. Raises ConfigError for what is no run of a known schema.
    """
    stored = read_run(where)
    return _run(stored.folder, conclude(stored))


def _run(folder: Path, said: Statements) -> Run:
    tables = (_with_times(said.requests), said.summary, said.stages, said.quality, said.tax)
    return Run(folder, said.run, *tables, said.answer, said.verdict, said.findings)


def _with_times(requests: pd.DataFrame) -> pd.DataFrame:
    """The three times that everybody derives from the stamps."""
    answered = (requests["outcome"] == "answered").to_numpy()
    intended, taken, observed = (requests[f"{stamp}_ns"] for stamp in ("intended", "taken", "observed"))
    return requests.assign(
        response_ms=np.where(answered, (observed - intended) / NS_PER_MS, np.inf),
        queue_ms=(taken - intended) / NS_PER_MS,
        service_ms=np.where(answered, (observed - taken) / NS_PER_MS, np.inf),
    )
