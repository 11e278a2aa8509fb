"""What the process that serves keeps open: a leak of either ends a service before memory does."""

from __future__ import annotations

from typing import ClassVar

from bench.measure.probes import PROBES, Reading, Subject
from bench.measure.probes.kernel_file import read_kernel_file

THREADS = "Threads:"


@PROBES.register("handles")
class HandlesProbe:
    """Open files, sockets and pipes, and threads, right after the block: Linux tells them under /proc."""

    ORDER: ClassVar[int] = 25
    READINGS: ClassVar[dict[str, Reading]] = {
        "open_files": Reading("files, sockets and pipes that the process holds open after the block"),
        "process_threads": Reading("threads of the process after the block"),
    }

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._folder = subject.root / "proc" / ("self" if subject.is_here else str(subject.process))

    def available(self) -> str:
        """Of every process in reach."""
        return "the process that serves is out of reach" if self._subject.process is None else ""

    def start(self) -> None:
        """Nothing: only what is left after a block can be a leak."""

    def stop(self) -> dict[str, float]:
        """Nothing of a process that is gone or another user's. Looking opens one file itself, each time alike."""
        readings: dict[str, float] = {}
        for line in read_kernel_file(self._folder / "status").splitlines():
            if line.startswith(THREADS):
                readings["process_threads"] = int(line.removeprefix(THREADS))
        try:
            readings["open_files"] = sum(1 for _ in (self._folder / "fd").iterdir())
        except OSError:
            return readings
        return readings
