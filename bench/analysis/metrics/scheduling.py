"""How often threads of the arm's process left their cores."""

from __future__ import annotations

from typing import ClassVar

from bench.analysis.metrics import METRICS, Cell, Column
from bench.analysis.readings import per_1k, total


@METRICS.register("scheduling")
class Scheduling:
    """A thread that waits switches by itself; one that is taken off shares its core with too many."""

    ORDER: ClassVar[int] = 71
    COLUMNS: ClassVar[dict[str, Column]] = {
        "switches_per_1k": Column("context switches of all threads for 1,000 requests, both kinds", better="lower"),
        "involuntary_switches_per_1k": Column("of these, by the scheduler: a thread wanted to go on", better="lower"),
    }

    @staticmethod
    def measure(cell: Cell) -> dict[str, object]:
        """Sums over the cell's blocks."""
        both = total(cell.blocks, "voluntary_switches", "involuntary_switches")
        involuntary = total(cell.blocks, "involuntary_switches")
        return per_1k(cell.blocks, {"switches_per_1k": both, "involuntary_switches_per_1k": involuntary})
