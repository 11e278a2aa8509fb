"""Time in which tasks of the machine waited for a core or for memory, as Linux accounts it (pressure stall)."""

from __future__ import annotations

import re
from typing import ClassVar

from bench.measure.probes import PROBES, Reading, Subject
from bench.measure.probes.counters import CounterProbe
from bench.measure.probes.kernel_file import read_kernel_file

SOME_TOTAL_US = re.compile(r"^some .*total=(\d+)$", re.MULTILINE)
"""`some avg10=0.68 avg60=0.74 avg300=3.08 total=2615638939`: microseconds in which at least one task waited."""
US_PER_S = 1e6


@PROBES.register("pressure")
class PressureProbe(CounterProbe):
    """More runnable threads than cores show here, whoever owns them, and memory that has to be won back."""

    ORDER: ClassVar[int] = 50
    READINGS: ClassVar[dict[str, Reading]] = {
        "cpu_pressure_s": Reading("seconds in which at least one task of the machine waited for a core", "s"),
        "memory_pressure_s": Reading("seconds in which at least one task of the machine waited for memory", "s"),
    }

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        self._folder = subject.root / "proc/pressure"

    def available(self) -> str:
        """Where the kernel accounts for it."""
        return "" if self.counters() else "the kernel tells no pressure. Next: Linux 4.20 or newer, booted with psi=1"

    def counters(self) -> dict[str, float]:
        """Since the machine began."""
        found = {name: SOME_TOTAL_US.search(read_kernel_file(self._folder / name)) for name in ("cpu", "memory")}
        return {f"{name}_pressure_s": int(match[1]) / US_PER_S for name, match in found.items() if match}
