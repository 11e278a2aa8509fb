"""Energy of the CPU packages, from the counters that Linux shows under /sys/class/powercap (RAPL, Intel and AMD)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from bench.measure.probes import PROBES, Reading, Subject
from bench.measure.probes.kernel_file import read_kernel_file

POWERCAP = Path("sys/class/powercap")
PACKAGE = re.compile(r"package-\d+(-die-\d+)?")
"""Zones that are counted. Cores and uncore are part of their package, and psys holds the packages."""
UJ_PER_J = 1e6


@dataclass(frozen=True, slots=True)
class Zone:
    """A counter of µJ that starts again at 0 beyond range_uj."""

    file: Path
    range_uj: int

    def read_uj(self) -> int | None:
        """Where it stands now; None where it cannot be read."""
        text = read_kernel_file(self.file).strip()
        return int(text) if text.isdigit() else None

    def added_uj(self, before_uj: int, after_uj: int) -> int:
        """From one value to a later one, with at most one start at 0 between them."""
        return after_uj - before_uj if after_uj >= before_uj else after_uj + self.range_uj - before_uj


@PROBES.register("energy")
class EnergyProbe:
    """Joules of all packages together: of every process, idle power and the inbox's spinning included.

    A block in which a counter starts again more than once (minutes at full power on a large package) is told too low.
    """

    ORDER: ClassVar[int] = 60
    READINGS: ClassVar[dict[str, Reading]] = {
        "cpu_energy_j": Reading("joules of all CPU packages, whoever used them, without DRAM", "J"),
    }

    def __init__(self, subject: Subject) -> None:
        self._zones = _package_zones(subject.root / POWERCAP)
        self._before_uj: list[int | None] = [None] * len(self._zones)

    def available(self) -> str:
        """Where there is a package's counter, and this user may read all of them."""
        if not self._zones:
            return f"no energy counter of a CPU package in /{POWERCAP}; virtual machines rarely have one"
        if None in self._read_uj():
            return f"energy_uj in /{POWERCAP} may not be read. Next: sudo chmod a+r /{POWERCAP}/intel-rapl:*/energy_uj"
        return ""

    def start(self) -> None:
        """Remember where the counters stand."""
        self._before_uj = self._read_uj()

    def stop(self) -> dict[str, float]:
        """The sum over the packages; nothing where one of them cannot be read: a part would look like the whole."""
        total_uj = 0
        for zone, before_uj, after_uj in zip(self._zones, self._before_uj, self._read_uj(), strict=True):
            if before_uj is None or after_uj is None:
                return {}
            total_uj += zone.added_uj(before_uj, after_uj)
        return {"cpu_energy_j": total_uj / UJ_PER_J} if self._zones else {}

    def _read_uj(self) -> list[int | None]:
        return [zone.read_uj() for zone in self._zones]


def _package_zones(folder: Path) -> list[Zone]:
    """One zone a package: newer Intel chips show the same counter a second time, as intel-rapl-mmio."""
    zones = []
    for zone in sorted(folder.glob("intel-rapl:*")):
        name = read_kernel_file(zone / "name").strip()
        range_uj = read_kernel_file(zone / "max_energy_range_uj").strip()
        if PACKAGE.fullmatch(name) and range_uj.isdigit():
            zones.append(Zone(zone / "energy_uj", int(range_uj)))
    return zones
