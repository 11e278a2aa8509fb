"""What ends a command, and with which exit code (0 = within limits; 1 is kept for a regression, nothing else)."""

from __future__ import annotations

from pathlib import Path

from recsys.errors import shortened


class BenchError(Exception):
    """Base of all errors that a user is told in one message, without a traceback."""

    exit_code = 70


class ConfigError(BenchError):
    """A scenario, option or file that cannot be used: what, where, known values, next step."""

    exit_code = 2


class RunsNotComparable(BenchError):
    """Measurements that must not be held against each other: what differs, and what would do."""

    exit_code = 2


class Stopped(BenchError):
    """A run was interrupted. folder: what was measured is kept there."""

    exit_code = 130

    def __init__(self, folder: Path) -> None:
        super().__init__(f"interrupted; what was measured is kept in {folder}, marked stopped")
        self.folder = folder


class ReportInterrupted(BenchError):
    """A whole run was interrupted while it was analysed. folder: the run."""

    exit_code = 130

    def __init__(self, folder: Path) -> None:
        super().__init__(f"interrupted; the run is whole in {folder}. Next: llm-rec-bench report {folder}")
        self.folder = folder


class ResultsUnwritable(BenchError):
    """The disk is full, or the results folder cannot be written any more. folder: what was written stays there."""

    exit_code = 2

    def __init__(self, folder: Path, error: OSError) -> None:
        super().__init__(
            f"{folder}: cannot be written: {error}; what was measured before is kept there. Next: make room, "
            f"then llm-rec-bench run --resume {folder}"
        )
        self.folder = folder


class ReportUnwritable(BenchError):
    """A run's tables and report cannot be written into its folder."""

    exit_code = 2

    def __init__(self, folder: Path, error: OSError) -> None:
        super().__init__(
            f"{folder}: its report cannot be written: {error}; what was measured is whole. Next: make room, "
            f"then llm-rec-bench report {folder}"
        )
        self.folder = folder


class MeasurementInvalid(BenchError):
    """A measurement that judged itself contaminated (with --strict)."""

    exit_code = 3


class ArmsFailed(BenchError):
    """Some arms failed (with --strict)."""

    exit_code = 4


class NothingMeasured(BenchError):
    """All arms were absent or failed."""

    exit_code = 4


class WorkersLost(BenchError):
    """Processes of an engine died again and again, or its cluster is gone; what was written stays."""


class NotReproduced(BenchError):
    """What was rebuilt from a stored run is not what the run holds."""

    exit_code = 2


def fault_of(error: Exception) -> str:
    """What was found wrong in a file, for a message: the error's kind and how what it says begins."""
    return f"{type(error).__name__}: {shortened(' '.join(str(error).split()), 200)}"
