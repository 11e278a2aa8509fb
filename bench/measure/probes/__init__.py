"""Probes: one file each. Side readings of a process and its machine, taken outside timed regions.

A probe is built once in each worker, after its arm. `start` is called right before a block is timed and `stop` right
after, so nothing is sampled while requests are served: a reading is the difference of two counters, a gauge read after
the block, or what the system itself kept meanwhile. What cannot be read is left out, never 0.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol

from recsys.registry import Registry


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reading says. unit: that of the value, as in the end of its name; "" for shares and counts."""

    meaning: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is looked at: a process, and the device of its arm ("cpu", "cuda" = the first GPU, "cuda:N").

    process: its id, this one's unless given; None = out of reach, so that nothing of a process can be read.
    root: the folder in which /proc and /sys are looked for.
    """

    device: str = "cpu"
    root: Path = Path("/")
    process: int | None = field(default_factory=os.getpid)

    @property
    def is_here(self) -> bool:
        """Whether it is this process."""
        return self.process == os.getpid()

    @property
    def on_gpu(self) -> bool:
        """Whether the arm computes on an NVIDIA GPU."""
        return self.device.startswith("cuda")


class Probe(Protocol):
    """Reads one thing before and after a block.

    READINGS: everything it may return. ORDER: its place from the outside in. The last one to start is the first to
    stop, and what it counts holds nothing of the others: slow probes stand outside, counters of this process inside.
    """

    ORDER: ClassVar[int]
    READINGS: ClassVar[dict[str, Reading]]

    def __init__(self, subject: Subject) -> None: ...

    def available(self) -> str:
        """Why it can read nothing here, and what would help; empty where it can read something."""

    def start(self) -> None:
        """A block is about to begin."""

    def stop(self) -> dict[str, float]:
        """The block has just ended: values by name, without what could not be read."""


PROBES: Registry[type[Probe]] = Registry("bench.measure.probes", "probe")

Readings = Mapping[str, float]

__all__ = ["PROBES", "Probe", "Reading", "Readings", "Subject"]
