"""Time for which a CPU quota held this process back."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import ClassVar

from bench.measure.probes import PROBES, Reading, Subject
from bench.measure.probes.counters import CounterProbe
from bench.measure.probes.kernel_file import read_kernel_file

SECONDS_OF = {"throttled_usec": 1e-6, "throttled_time": 1e-9}
"""The counter in cpu.stat → seconds in one unit of it: of cgroup version 2, of version 1."""


@PROBES.register("throttling")
class ThrottlingProbe(CounterProbe):
    """Containers and services often have a quota; a process that uses it up stands still until the next period."""

    ORDER: ClassVar[int] = 40
    READINGS: ClassVar[dict[str, Reading]] = {
        "throttled_s": Reading("seconds for which CPU quotas stopped the process, over all cores", "s"),
    }

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        self._files = _cpu_stat_files(subject.root)

    def available(self) -> str:
        """Where the process is in a control group whose cpu.stat counts throttling."""
        return "" if self.counters() else "no control group of this process counts throttling in a cpu.stat"

    def counters(self) -> dict[str, float]:
        """The sum over the process's group and those above it: each has a quota of its own."""
        times = [time for file in self._files for time in _throttled_s(read_kernel_file(file))]
        return {"throttled_s": sum(times)} if times else {}


def _throttled_s(cpu_stat: str) -> list[float]:
    """The throttled time that a cpu.stat tells; [] where its group can have no quota."""
    pairs = [line.split() for line in cpu_stat.splitlines()]
    return [int(value) * SECONDS_OF[name] for name, value in pairs if name in SECONDS_OF]


def _cpu_stat_files(root: Path) -> list[Path]:
    """cpu.stat of the process's own group and of those above it, as far as they can be seen from here."""
    group_of = {}
    for line in read_kernel_file(root / "proc/self/cgroup").splitlines():
        _, controllers, group = line.split(":", 2)
        for controller in controllers.split(","):  # version 2 has one group, without the name of a controller
            group_of[controller] = group
    version = "cpu" if "cpu" in group_of else ""
    parts = PurePosixPath(group_of.get(version, "/")).parts[1:]
    if ".." in parts:  # a group outside the container's own tree
        parts = ()
    mount = root / "sys/fs/cgroup" / version
    levels = [mount.joinpath(*parts[:depth], "cpu.stat") for depth in range(len(parts), -1, -1)]
    return [level for level in levels if level.is_file()]
