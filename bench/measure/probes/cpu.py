"""CPU time of this process and of the whole machine."""

from __future__ import annotations

import resource
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class CpuReading:
    """process_s: user and system seconds of all threads of this process. steal_s, busy_s: of the machine, all cores."""

    process_s: float
    steal_s: float
    busy_s: float

    def __sub__(self, earlier: CpuReading) -> CpuReading:
        return CpuReading(
            self.process_s - earlier.process_s, self.steal_s - earlier.steal_s, self.busy_s - earlier.busy_s
        )


def read_cpu() -> CpuReading:
    """The readings so far; the difference of two is what lies between them."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    machine = psutil.cpu_times()
    # stolen time is another machine's work, and guest time is contained in user time already
    not_ours = ("idle", "iowait", "steal", "guest", "guest_nice")
    busy_s = sum(machine) - sum(getattr(machine, name, 0.0) for name in not_ours)
    return CpuReading(usage.ru_utime + usage.ru_stime, getattr(machine, "steal", 0.0), busy_s)
