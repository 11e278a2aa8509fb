"""Memory of the process that serves, and what its pages cost."""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from typing import ClassVar

from bench.measure.probes import PROBES, Reading, Subject
from bench.measure.probes.counters import CounterProbe
from bench.measure.probes.kernel_file import read_kernel_file

BYTES_PER_KIB = 1024
STATUS_FIELDS = {"VmHWM": "peak_rss_bytes", "VmRSS": "rss_bytes", "VmSwap": "swapped_bytes"}
ROLLUP_FIELDS = {"Pss": "pss_bytes"}
"""Fields of /proc/self/status and smaps_rollup → readings."""


@PROBES.register("memory")
class MemoryProbe(CounterProbe):
    """Resident and proportional sets, swapped pages, and page faults of the block.

    Reading the proportional set walks every page: milliseconds in a process that holds a model.
    """

    ORDER: ClassVar[int] = 20
    READINGS: ClassVar[dict[str, Reading]] = {
        "peak_rss_bytes": Reading("largest resident set so far, loading included", "B"),
        "rss_bytes": Reading("resident set after the block", "B"),
        "pss_bytes": Reading("resident set after the block, shared pages divided by those who hold them", "B"),
        "swapped_bytes": Reading("memory of the process that is swapped out after the block", "B"),
        "minor_faults": Reading("page faults in the block that needed no disk: first touches of memory, mostly"),
        "major_faults": Reading("page faults in the block that waited for a disk"),
    }

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        self._subject = subject
        folder = "self" if subject.is_here else str(subject.process)
        self._status = subject.root / "proc" / folder / "status"
        self._rollup = subject.root / "proc" / folder / "smaps_rollup"

    def available(self) -> str:
        """Every POSIX system tells the faults of this process, Linux the sizes of others too."""
        if self._subject.process is None:
            return "the process that serves is out of reach"
        return ""

    def counters(self) -> dict[str, float]:
        """Page faults since the process began, of this one alone."""
        if not self._subject.is_here:
            return {}
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return {"minor_faults": usage.ru_minflt, "major_faults": usage.ru_majflt}

    def stop(self) -> dict[str, float]:
        """Faults first: reading the sizes may add some."""
        readings = super().stop()
        if (
            sys.platform == "darwin" and self._subject.is_here
        ):  # elsewhere it begins, in a process started by another, at the size of that other
            readings["peak_rss_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return readings | _sizes_bytes(self._status, STATUS_FIELDS) | _sizes_bytes(self._rollup, ROLLUP_FIELDS)


def _sizes_bytes(path: Path, reading_of: dict[str, str]) -> dict[str, int]:
    """The fields of a file with lines like `VmHWM:    1636 kB`, by the reading's name."""
    sizes = {}
    for line in read_kernel_file(path).splitlines():
        field, _, value = line.partition(":")
        if field in reading_of:
            sizes[reading_of[field]] = int(value.split()[0]) * BYTES_PER_KIB
    return sizes
