"""The only reader of a clock: CLOCK_MONOTONIC in integer ns, waiting on it, and what both cost."""

from __future__ import annotations

import ctypes
import sys
import time
from dataclasses import dataclass

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000
DEFAULT_SPIN_NS = 200_000
_PR_SET_TIMERSLACK = 29


class MonotonicClock:
    """Real time. spin_ns: the last stretch before a deadline, which is spun because a sleeping thread wakes late.

    0 = sleep only. spun_ns: time spent spinning so far, to be taken off the CPU seconds of what is measured.
    """

    def __init__(self, spin_ns: int = DEFAULT_SPIN_NS) -> None:
        self.spin_ns = spin_ns
        self.spun_ns = 0

    now_ns = staticmethod(time.perf_counter_ns)  # nothing between the caller and the clock

    def wait_until_ns(self, deadline_ns: int) -> None:
        """Return at the deadline, or at once when it is past: sleep, then spin the last stretch."""
        remaining_ns = deadline_ns - time.perf_counter_ns()
        if remaining_ns <= 0:
            return
        if remaining_ns > self.spin_ns:
            time.sleep((remaining_ns - self.spin_ns) / NS_PER_S)
        spin_start_ns = now_ns = time.perf_counter_ns()
        while now_ns < deadline_ns:
            now_ns = time.perf_counter_ns()
        self.spun_ns += now_ns - spin_start_ns


def sharpen_sleep() -> bool:
    """Let this thread's sleeps end when they should: Linux delays them by up to 50 µs more unless told. False: cannot.

    Threads that this one starts later inherit it.
    """
    prctl = getattr(ctypes.CDLL(None), "prctl", None) if sys.platform == "linux" else None
    return prctl is not None and prctl(_PR_SET_TIMERSLACK, 1, 0, 0, 0) == 0


def wake_lateness_ns(sleeps: int = 30, length_ns: int = 20_000_000) -> list[int]:
    """How late this thread wakes from so many sleeps, in rising order.

    They are as long as those of a system that is asked a few times a second: a core that idles longer wakes later, on a
    virtual machine 130 µs after 50 ms where it is 30 µs after half of one.
    """
    lateness_ns = []
    for _ in range(sleeps):
        deadline_ns = time.perf_counter_ns() + length_ns
        time.sleep(length_ns / NS_PER_S)
        lateness_ns.append(time.perf_counter_ns() - deadline_ns)
    return sorted(lateness_ns)


class VirtualClock:
    """Time that passes only when it is waited on: exact, and independent of the machine."""

    def __init__(self) -> None:
        self._now_ns = 0
        self.spun_ns = 0

    def now_ns(self) -> int:
        """Nanoseconds since the clock was made."""
        return self._now_ns

    def wait_until_ns(self, deadline_ns: int) -> None:
        """Be at the deadline, or stay where the time is when it is past."""
        self._now_ns = max(self._now_ns, deadline_ns)


@dataclass(frozen=True, slots=True)
class ClockQuality:
    """What a reading of the real clock costs and resolves, in ns."""

    resolution_ns: int
    cost_ns: float
    monotonic: bool


def check_clock(readings: int = 20_000) -> ClockQuality:
    """Read the clock many times in a row: the smallest step seen is its resolution, the mean step its cost."""
    stamps = [time.perf_counter_ns() for _ in range(readings)]
    steps = [later - earlier for earlier, later in zip(stamps, stamps[1:], strict=False)]
    positive = [step for step in steps if step > 0]
    return ClockQuality(min(positive, default=0), (stamps[-1] - stamps[0]) / (readings - 1), min(steps) >= 0)


def utc_stamp() -> str:
    """Now as 2026-11-24T05:38:01Z: the calendar time, for records, never for a duration."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def compact_stamp() -> str:
    """Now as 20261124T053801Z, for names."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())


def nap(seconds: float) -> None:
    """Sleep for a while where nothing is being timed."""
    time.sleep(seconds)
