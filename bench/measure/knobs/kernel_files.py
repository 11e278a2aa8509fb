"""What the kernel tells in files, below a root folder that is `/` on a machine and any folder in a test."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bench.clock import nap
from bench.measure.knobs import Unreadable

T = TypeVar("T")
WATCH_S = 0.5
"""How long counters are watched: 50 ticks a processor at the kernel's usual 100 a second."""

STAT_COLUMNS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
"""Of /proc/stat; guest time follows and is contained in user time."""


def read(root: Path, path: str) -> str:
    """The stripped text of a file, such as "proc/loadavg". Raises Unreadable."""
    try:
        return (root / path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"/{path} cannot be read") from error


def read_number(root: Path, path: str) -> int:
    """The whole number that a file holds. Raises Unreadable."""
    return _whole(read(root, path), path)


def read_named(root: Path, path: str, name: str) -> str:
    """The value behind a name, in a file of lines `name: value` or `name value`. Raises Unreadable."""
    for line in read(root, path).splitlines():
        key, _, value = line.partition(":") if ":" in line else line.partition(" ")
        if key.strip() == name:
            return value.strip()
    raise Unreadable(f"/{path} has no {name}")


def read_counter(root: Path, path: str, name: str) -> int:
    """The whole number behind a name; a unit of kB may follow it. Raises Unreadable."""
    return _whole(read_named(root, path, name).removesuffix("kB"), path)


def read_each(root: Path, pattern: str) -> list[tuple[str, str]]:
    """(name of its folder, text) of each file that a glob pattern finds, cpu2 before cpu10. Raises Unreadable."""
    found = [str(path.relative_to(root)) for path in root.glob(pattern)]
    return [(Path(path).parent.name, read(root, path)) for path in sorted(found, key=_numbers_as_numbers)]


def cpu_list(text: str) -> frozenset[int]:
    """Processors of a list as the kernel writes it: "0-2,5" is 0, 1, 2 and 5. Raises Unreadable."""
    numbers: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        numbers.update(range(_whole(first, text), _whole(last or first, text) + 1))
    return frozenset(numbers)


def online_cpus(root: Path) -> frozenset[int]:
    """The processors that run. Raises Unreadable."""
    return cpu_list(read(root, "sys/devices/system/cpu/online"))


def usable_cpus(root: Path) -> frozenset[int]:
    """The processors on which this process may run. Raises Unreadable."""
    return cpu_list(read_named(root, "proc/self/status", "Cpus_allowed_list")) & online_cpus(root)


def memory_bytes(root: Path, name: str) -> int:
    """A line of /proc/meminfo, such as MemAvailable. Raises Unreadable."""
    return 1024 * read_counter(root, "proc/meminfo", name)


@dataclass(frozen=True, slots=True)
class CpuTicks:
    """What all processors did: busy for some process, stolen by the hypervisor, and all ticks that passed."""

    busy: int
    stolen: int
    total: int

    def __sub__(self, earlier: CpuTicks) -> CpuTicks:
        return CpuTicks(self.busy - earlier.busy, self.stolen - earlier.stolen, self.total - earlier.total)


def cpu_ticks(root: Path) -> CpuTicks:
    """Ticks since boot. Raises Unreadable."""
    path = "proc/stat"
    words = read(root, path).partition("\n")[0].split()
    if words[:1] != ["cpu"] or len(words) <= len(STAT_COLUMNS):
        raise Unreadable(f"/{path} does not count stolen time")
    ticks = dict(zip(STAT_COLUMNS, [_whole(word, path) for word in words[1:]], strict=False))
    total = sum(ticks.values())
    return CpuTicks(total - ticks["idle"] - ticks["iowait"] - ticks["steal"], ticks["steal"], total)


def own_ticks(root: Path) -> int:
    """Ticks for which this process was busy, all its threads. Raises Unreadable."""
    path = "proc/self/stat"
    words = read(root, path).rpartition(")")[2].split()  # the program's name before it may hold anything
    if len(words) < 13:
        raise Unreadable(f"/{path} is cut short")
    return _whole(words[11], path) + _whole(words[12], path)


def watch(reader: Callable[[Path], T], root: Path) -> tuple[T, T]:
    """The same reading twice, WATCH_S apart. Raises Unreadable."""
    first = reader(root)
    nap(WATCH_S)
    return first, reader(root)


def _whole(text: str, where: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise Unreadable(f'"{text.strip()}" in /{where} is no number') from error


def _numbers_as_numbers(path: str) -> list[tuple[int, str]]:
    return [(int(word), "") if word.isdigit() else (-1, word) for word in re.split(r"(\d+)", path)]
