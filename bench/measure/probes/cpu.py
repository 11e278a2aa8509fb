"""CPU time of the process that serves, and of the rest of the machine."""

from __future__ import annotations

import resource
from typing import ClassVar

import psutil

from bench.measure.probes import PROBES, Reading, Subject
from bench.measure.probes.counters import CounterProbe

NOT_BUSY = ("idle", "iowait", "steal", "guest", "guest_nice")
"""Stolen time is another machine's work, and guest time is contained in user time already."""


@PROBES.register("cpu")
class CpuProbe(CounterProbe):
    """CPU seconds of all threads, spinning included. The machine's counters step in ticks of 10 ms.

    So do those of a process that is not this one; where that is out of reach, what others do cannot be told either.

    The machine is read through psutil, whose PROCFS_PATH takes the place of the subject's root.
    """

    ORDER: ClassVar[int] = 80
    READINGS: ClassVar[dict[str, Reading]] = {
        "cpu_s": Reading("user and system seconds of all threads of the process, the inbox's spinning included", "s"),
        "steal_s": Reading("seconds, over all cores, that the hypervisor gave to other machines", "s"),
        "others_s": Reading("seconds, over all cores, in which other processes and the kernel worked", "s"),
    }

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        self._subject = subject

    def available(self) -> str:
        """Every POSIX system tells the CPU time of a process."""
        return ""

    def counters(self) -> dict[str, float]:
        """Since the process and the machine began."""
        process, counters = self._subject.process, _machine_s()
        if process is None:
            return {name: value for name, value in counters.items() if name != "machine_busy_s"}
        if self._subject.is_here:
            return counters | {"cpu_s": process_cpu_s()}
        return counters | {"cpu_s": other_process_cpu_s(process), "client_s": process_cpu_s()}

    def stop(self) -> dict[str, float]:
        """What the machine was busy with beyond this run is the others' time; 0 where ticks say less."""
        added = super().stop()
        client_s = added.pop("client_s", 0.0)
        busy_s = added.pop("machine_busy_s", None)
        if busy_s is not None:
            added["others_s"] = max(0.0, busy_s - added["cpu_s"] - client_s)
        return added


def process_cpu_s() -> float:
    """User and system seconds of all threads of this process so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def other_process_cpu_s(process: int) -> float:
    """The same of another process, in ticks of 10 ms; 0 when it is gone."""
    try:
        times = psutil.Process(process).cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def _machine_s() -> dict[str, float]:
    """Busy and stolen seconds of all cores so far, as far as the system tells."""
    try:
        times = psutil.cpu_times()._asdict()
    except OSError:
        return {}
    counters = {"machine_busy_s": sum(times.values()) - sum(times.get(name, 0.0) for name in NOT_BUSY)}
    return counters | ({"steal_s": times["steal"]} if "steal" in times else {})
