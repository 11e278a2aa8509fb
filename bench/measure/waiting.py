"""How a worker waits for the next request: asleep, then spinning a calibrated stretch where a core is free for it."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.clock import DEFAULT_SPIN_NS, MonotonicClock, nap, sharpen_sleep, wake_lateness_ns
from bench.measure.knobs import Unreadable
from bench.measure.knobs.kernel_files import usable_cpus
from bench.measure.knobs.quota import cpu_quota

IDLE_CHECK_S = 0.1
LONGEST_SPIN_NS = 1_000_000
CALIBRATED_SHARE = 0.99
"""The stretch that is spun covers the lateness of so many wake-ups, and half as much again.

It is DEFAULT_SPIN_NS at least: the rarest late wake-ups, which make the highest percentiles, are too rare to calibrate.
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How an inbox waits. spin_us: the stretch before a deadline that is spun, 0 = asleep throughout; why: in words."""

    spin_us: float
    why: str


@dataclass(frozen=True, slots=True)
class Cores:
    """usable: cores this process may use, as far as affinity and quota tell; busy: those that others use now."""

    usable: float
    busy: float


def read_cores(root: Path = Path("/")) -> Cores:
    """The cores of this moment; takes a tenth of a second. root: where /proc and /sys are looked for."""
    try:
        usable: float = len(usable_cpus(root))
    except Unreadable:
        usable = os.cpu_count() or 1
    try:
        quota = cpu_quota(root).cores
    except Unreadable:
        quota = None
    psutil.cpu_percent()
    nap(IDLE_CHECK_S)
    busy = psutil.cpu_percent() / 100 * (os.cpu_count() or 1)
    return Cores(usable if quota is None else min(usable, quota), busy)


def choose_waiting(workers: int, cores: Cores) -> Waiting:
    """Spin only with one worker, and when a core is free beside the one that it spins on.

    A worker that waits has nothing else to do with its core; but the operating system, and whatever else runs, must
    have another. Several workers would spin against each other and against the one that serves.
    """
    if workers > 1:
        return Waiting(0.0, f"asleep: {workers} workers share the interpreter")
    if cores.usable < 2:
        return Waiting(0.0, f"asleep: {cores.usable:g} usable cores, and spinning takes one")
    if cores.usable - cores.busy < 1:
        return Waiting(0.0, f"asleep: others use {cores.busy:.1f} of {cores.usable:g} cores")
    lateness_ns = wake_lateness_ns()
    late_ns = lateness_ns[math.ceil(CALIBRATED_SHARE * len(lateness_ns)) - 1]
    spin_ns = min(max(1.5 * late_ns, DEFAULT_SPIN_NS), LONGEST_SPIN_NS)
    in_time = f"{100 * CALIBRATED_SHARE:g} % of sleeps and more end in time for it"
    return Waiting(spin_ns / 1000, f"asleep, then spinning: {in_time}")


def settle_waiting(clock: MonotonicClock, workers: int) -> Waiting:
    """Make this thread's sleeps sharp, calibrate, and set the clock accordingly."""
    sharpen_sleep()
    waiting = choose_waiting(workers, read_cores())
    clock.spin_ns = round(waiting.spin_us * 1000)
    return waiting


def leave_waiting(clock: MonotonicClock) -> Waiting:
    """For a worker whose loads never wait: sharp sleeps alone, since calibrating takes half a second."""
    sharpen_sleep()
    return Waiting(clock.spin_ns / 1000, "not calibrated: no load of the scenario has anything to wait for")
