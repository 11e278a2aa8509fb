"""Measure → analyse → report, strictly in that order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.analysis.conclude import conclude, write_statements
from bench.analysis.statements import Statements, Verdict
from bench.errors import ArmsFailed, MeasurementInvalid, ReportInterrupted, ReportUnwritable
from bench.runner import RunRequest, run_scenario
from bench.store import StoredRun, load_run


@dataclass(frozen=True)
class Measured:
    """A finished run and what is said of it."""

    folder: Path
    statements: Statements

    def exit_code(self, *, strict: bool) -> int:
        """0; with strict, 3 for a run that judged itself INVALID and 4 for one in which an arm failed."""
        if strict and self.statements.verdict is Verdict.INVALID:
            return MeasurementInvalid.exit_code
        if strict and any(arm["status"] == "failed" for arm in self.statements.run["arms"]):
            return ArmsFailed.exit_code
        return 0


def measure(request: RunRequest, say: Callable[[str], None]) -> Measured:
    """Run a scenario, conclude, and write tables and report into the run's folder. Raises Stopped when interrupted."""
    folder = run_scenario(request, say)
    say("analysing and drawing")
    try:
        return report(load_run(folder))
    except KeyboardInterrupt:
        raise ReportInterrupted(folder) from None


def report(stored: StoredRun) -> Measured:
    """Make everything that is said of a stored run anew. Raises ReportUnwritable where its folder cannot be written."""
    from bench.report import write_report

    statements = conclude(stored)
    try:
        write_statements(statements, stored.folder)
        write_report(statements, stored.folder)
    except OSError as error:
        raise ReportUnwritable(stored.folder, error) from error
    return Measured(stored.folder, statements)
