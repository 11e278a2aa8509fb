"""Context switches of all threads of this process."""

from __future__ import annotations

import resource
from typing import ClassVar

from bench.measure.probes import PROBES, Reading, Subject
from bench.measure.probes.counters import CounterProbe


@PROBES.register("switches")
class SwitchesProbe(CounterProbe):
    """Many involuntary ones say that threads outnumber cores, or that another process wants them."""

    ORDER: ClassVar[int] = 70
    READINGS: ClassVar[dict[str, Reading]] = {
        "voluntary_switches": Reading("times a thread of the process gave its core up, to wait for something"),
        "involuntary_switches": Reading("times a thread of the process was taken off its core"),
    }

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        self._subject = subject

    def available(self) -> str:
        """Every POSIX system tells, of this process."""
        return "" if self._subject.is_here else "another process serves"

    def counters(self) -> dict[str, float]:
        """Since the process began, ended threads included."""
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return {"voluntary_switches": usage.ru_nvcsw, "involuntary_switches": usage.ru_nivcsw}
