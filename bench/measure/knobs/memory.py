"""How much memory is free for the arms."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from bench.measure.knobs import KNOBS, Knob, KnobReport, KnobVerdict, Unreadable
from bench.measure.knobs.control_groups import tightest
from bench.measure.knobs.kernel_files import memory_bytes, read

BYTES_PER_GB = 1_000_000_000
LIMIT_FILES = ("memory.max", "memory.limit_in_bytes")
"""Of control groups, version 2 and 1."""


@KNOBS.register("memory")
class Memory(Knob):
    """All arms are loaded at once; where they do not fit, caches are dropped, pages swapped, or a worker is killed."""

    IMPROVABLE_GB: ClassVar[float] = 4.0
    BAD_GB: ClassVar[float] = 1.0

    @classmethod
    def look(cls, root: Path) -> KnobReport:
        """By what is available, no more than the container's limit."""
        total_gb = memory_bytes(root, "MemTotal") / BYTES_PER_GB
        free_gb = memory_bytes(root, "MemAvailable") / BYTES_PER_GB
        limit_gb = _limit_gb(root)
        state = f"{free_gb:.1f} of {total_gb:.1f} GB available"
        if limit_gb is not None and limit_gb < total_gb:
            state += f", the container's limit is {limit_gb:.1f} GB"
            free_gb = min(free_gb, limit_gb)
        if free_gb >= cls.IMPROVABLE_GB:
            return KnobReport(state, KnobVerdict.GOOD)
        verdict = KnobVerdict.BAD if free_gb < cls.BAD_GB else KnobVerdict.IMPROVABLE
        return KnobReport(state, verdict, "top -o %MEM: stop what it names, or measure fewer arms at once with --arm")


def _limit_gb(root: Path) -> float | None:
    try:
        limit = tightest(root, "memory", _limit_of)
    except Unreadable:
        return None
    return None if limit is None else limit[0] / BYTES_PER_GB


def _limit_of(folder: Path) -> float | None:
    for name in LIMIT_FILES:
        try:
            text = read(folder, name)
        except Unreadable:
            continue
        return float(text) if text.isdigit() else None
    return None
