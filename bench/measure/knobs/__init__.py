"""Knobs of the machine that move a latency: one file each. A knob is read and judged; how to turn it is said, not done.

A plug-in registers a subclass of `Knob` under its own stem. It reads the kernel's files below a root folder, so that
tests can plant any machine, and changes nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from recsys.registry import Registry

MACHINE = Path("/")


class KnobVerdict(StrEnum):
    """What a knob's position does to a measurement, from harmless to harmful. UNKNOWN: it cannot be read."""

    GOOD = "GOOD"
    UNKNOWN = "UNKNOWN"
    IMPROVABLE = "IMPROVABLE"
    BAD = "BAD"


SEVERITY = tuple(KnobVerdict)


@dataclass(frozen=True, slots=True)
class KnobReport:
    """state: where the knob stands, for people. advice: commands that turn it and turn it back, "" where none would."""

    state: str
    verdict: KnobVerdict
    advice: str = ""


class Unreadable(Exception):
    """Something that a knob's position is read from is not here, or says what nobody understands."""


class Knob(ABC):
    """One knob. watches: it looks at counters for a while, so `doctor` lets all such knobs look at the same time."""

    watches: ClassVar[bool] = False

    @classmethod
    def inspect(cls, root: Path = MACHINE) -> KnobReport:
        """Where the knob stands; UNKNOWN, with what could not be read, where that cannot be told. Never raises."""
        try:
            return cls.look(root)
        except Unreadable as error:
            return KnobReport(str(error), KnobVerdict.UNKNOWN)

    @staticmethod
    @abstractmethod
    def look(root: Path) -> KnobReport:
        """Where the knob stands. root: holds the machine's proc and sys. Raises Unreadable."""


KNOBS: Registry[type[Knob]] = Registry("bench.measure.knobs", "knob")


def turn(command: str, back: str) -> str:
    """Advice: a command that turns the knob, and the one that turns it back."""
    return f"{command}  (back: {back})"


def combined(reports: Sequence[KnobReport]) -> KnobReport:
    """Several findings of one knob as one: all states, the worst verdict, all advice."""
    return KnobReport(
        state="; ".join(report.state for report in reports),
        verdict=max((report.verdict for report in reports), key=SEVERITY.index),
        advice="; ".join(report.advice for report in reports if report.advice),
    )


__all__ = ["KNOBS", "MACHINE", "SEVERITY", "Knob", "KnobReport", "KnobVerdict", "Unreadable", "combined", "turn"]
