"""How far another process's clock is from ours: pings, of which the quickest tells most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from recsys.serving.protocols import Clock

PINGS = 20


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """Theirs − ours, in ns. error_ns: it is no further off than that, whichever way the answer was slower."""

    measured_ns: int
    error_ns: int

    @property
    def ns(self) -> int:
        """What is reckoned with: nothing, where it cannot be told from nothing, as on one machine with one clock."""
        return 0 if abs(self.measured_ns) <= self.error_ns else self.measured_ns


def measure_offset(their_now_ns: Callable[[], int], clock: Clock, pings: int = PINGS) -> ClockOffset:
    """Ask so many times. Their reading lies between ours before and after: half a trip is its error (Cristian 1989)."""
    trips = []
    for _ in range(pings):
        before_ns = clock.now_ns()
        theirs_ns = their_now_ns()
        after_ns = clock.now_ns()
        trips.append((after_ns - before_ns, theirs_ns - (before_ns + after_ns) // 2))
    trip_ns, offset_ns = min(trips)
    return ClockOffset(offset_ns, (trip_ns + 1) // 2)
