"""How much processor time a container may use (the control group's quota)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.measure.knobs import KNOBS, Knob, KnobReport, KnobVerdict, Unreadable, turn
from bench.measure.knobs.control_groups import group_folders, tightest
from bench.measure.knobs.kernel_files import read, read_counter, read_number, usable_cpus

UNLIMITED = "max"


@dataclass(frozen=True, slots=True)
class CpuQuota:
    """text: "200000 100000", µs allowed in a period of µs; "max 100000" without a limit, "" where none can be set.

    cores: their ratio, None without a limit.
    periods, throttled: how many began with work to do, and in how many it was stopped.
    """

    text: str
    cores: float | None
    periods: int = 0
    throttled: int = 0


def cpu_quota(root: Path) -> CpuQuota:
    """The tightest quota of this process's groups, of versions 1 and 2. Raises Unreadable."""
    limit = tightest(root, "cpu", lambda folder: _cores(_text(folder)))
    if limit is None:
        texts = [text for folder in group_folders(root, "cpu") if (text := _text(folder))]
        return CpuQuota(texts[0] if texts else "", None)
    cores, folder = limit
    return CpuQuota(_text(folder), cores, _counted(folder, "nr_periods"), _counted(folder, "nr_throttled"))


def _text(folder: Path) -> str:
    """Quota and period as version 2 writes them, "" where the folder has none."""
    try:
        return read(folder, "cpu.max")
    except Unreadable:
        pass
    try:
        quota_us, period_us = read_number(folder, "cpu.cfs_quota_us"), read_number(folder, "cpu.cfs_period_us")
    except Unreadable:
        return ""
    return f"{quota_us if quota_us > 0 else UNLIMITED} {period_us}"


def _cores(text: str) -> float | None:
    quota_us, _, period_us = text.partition(" ")
    return int(quota_us) / int(period_us) if quota_us.isdigit() and period_us.isdigit() and int(period_us) else None


def _counted(folder: Path, name: str) -> int:
    """A counter of cpu.stat, 0 where it is not kept."""
    try:
        return read_counter(folder, "cpu.stat", name)
    except Unreadable:
        return 0


@KNOBS.register("quota")
class Quota(Knob):
    """A quota stops all threads for the rest of each period once they have used it up: a tail of tens of ms."""

    @staticmethod
    def look(root: Path) -> KnobReport:
        """BAD where the quota is under the usable processors, IMPROVABLE where it once stopped the group."""
        quota, usable = cpu_quota(root), len(usable_cpus(root))
        if quota.cores is None:
            return KnobReport("none", KnobVerdict.GOOD)
        state = (
            f"{quota.cores:g} cores' worth of time for {usable} processors, "
            f"used up in {quota.throttled:,} of {quota.periods:,} periods"
        )
        if quota.cores >= usable and not quota.throttled:
            return KnobReport(state, KnobVerdict.GOOD)
        whole = max(1, int(quota.cores))
        advice = turn(
            f"docker run --cpuset-cpus=0{f'-{whole - 1}' if whole > 1 else ''} …: whole processors, no quota",
            f"docker run --cpus={quota.cores:g} …",
        )
        return KnobReport(state, KnobVerdict.BAD if quota.cores < usable else KnobVerdict.IMPROVABLE, advice)
