"""What ends a command, and with which exit code (0 = within limits; 1 is kept for a regression, nothing else)."""

from __future__ import annotations


class BenchError(Exception):
    """Base of all errors that a user is told in one message, without a traceback."""

    exit_code = 70


class ConfigError(BenchError):
    """A scenario, option or file that cannot be used: what, where, known values, next step."""

    exit_code = 2


class RunsNotComparable(BenchError):
    """Runs that must not stand side by side."""

    exit_code = 2


class MeasurementInvalid(BenchError):
    """A measurement that judged itself contaminated (with --strict)."""

    exit_code = 3


class ArmsFailed(BenchError):
    """Some arms failed (with --strict)."""

    exit_code = 4


class NothingMeasured(BenchError):
    """All arms were absent or failed."""

    exit_code = 4
