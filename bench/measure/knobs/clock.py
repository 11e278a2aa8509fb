"""What the kernel reads the time from, and what a reading costs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.clock import ClockQuality, check_clock
from bench.measure.knobs import KNOBS, Knob, KnobReport, KnobVerdict, Unreadable, turn
from bench.measure.knobs.kernel_files import read

FOLDER = "sys/devices/system/clocksource/clocksource0"
FAST = ("tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter", "timebase", "riscv_clocksource", "tod")
"""Read within the process, without asking the kernel."""
SLOW = ("hpet", "acpi_pm", "pit", "jiffies", "refined-jiffies")
LOOKS = 5
BAD_COST_NS = 1_000
IMPROVABLE_COST_NS = 250


def describe_clock(root: Path) -> dict[str, Any]:
    """The environment block's entry: what the clock resolves and costs, and its source ("" where that is hidden)."""
    quality = check_clock()
    try:
        source = clock_source(root)
    except Unreadable:
        source = ""
    return {
        "name": "CLOCK_MONOTONIC",
        "resolution_ns": quality.resolution_ns,
        "cost_ns": round(quality.cost_ns, 1),
        "monotonic": quality.monotonic,
        "source": source,
    }


def clock_source(root: Path) -> str:
    """The source in use. Raises Unreadable."""
    return read(root, f"{FOLDER}/current_clocksource")


@KNOBS.register("clock")
class Clock(Knob):
    """Every request is stamped some ten times: a slow clock is part of what it measures."""

    @staticmethod
    def look(root: Path) -> KnobReport:
        """BAD for a clock that goes back, costs over 1 µs or is read from a slow device."""
        quality = _best_of(LOOKS)
        measured = f"a reading costs {quality.cost_ns:.0f} ns, resolves {quality.resolution_ns} ns"
        if not quality.monotonic:
            return KnobReport(f"it went back; {measured}", KnobVerdict.BAD, "dmesg | grep -i clocksource: says why")
        try:
            source = clock_source(root)
        except Unreadable as error:
            raise Unreadable(f"{error}; {measured}") from error
        verdict = _verdict(source, quality)
        advice = "" if verdict is KnobVerdict.GOOD else _advice(root, source)
        return KnobReport(f"{source}; {measured}", verdict, advice)


def _best_of(looks: int) -> ClockQuality:
    """The cheapest of several looks, since another process may take the core during one; back once is back."""
    found = [check_clock() for _ in range(looks)]
    cheapest = min(found, key=lambda quality: quality.cost_ns)
    return replace(cheapest, monotonic=all(quality.monotonic for quality in found))


def _verdict(source: str, quality: ClockQuality) -> KnobVerdict:
    if source in SLOW or quality.cost_ns > BAD_COST_NS:
        return KnobVerdict.BAD
    if source not in FAST or quality.cost_ns > IMPROVABLE_COST_NS:
        return KnobVerdict.IMPROVABLE
    return KnobVerdict.GOOD


def _advice(root: Path, source: str) -> str:
    if source in FAST:
        return "llm-rec-bench doctor: look again while nothing else runs; a hypervisor that traps readings stays slow"
    try:
        available = read(root, f"{FOLDER}/available_clocksource").split()
    except Unreadable:
        available = []
    better = next((fast for fast in FAST if fast in available), None)
    if better is None:
        return "none faster is offered here: measure on a machine whose clock source is tsc"
    command = f"echo {{}} | sudo tee /{FOLDER}/current_clocksource"
    return turn(command.format(better), command.format(source))
