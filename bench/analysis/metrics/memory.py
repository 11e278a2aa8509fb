"""Memory that the arm's process has to itself, and page faults."""

from __future__ import annotations

from typing import ClassVar

from bench.analysis.metrics import METRICS, Cell, Column
from bench.analysis.readings import largest, per_1k, told, total

MB_PER_BYTE = 1e-6


@METRICS.register("memory")
class Memory:
    """Faults while serving say that memory is given back and taken anew, request after request."""

    ORDER: ClassVar[int] = 72
    COLUMNS: ClassVar[dict[str, Column]] = {
        "pss_mb": Column(
            "largest resident set after a block, shared pages divided by those who hold them", "MB", "lower"
        ),
        "faults_per_1k": Column("page faults for 1,000 requests, minor and major", better="lower"),
        "major_faults_per_1k": Column("of these, major ones: they waited for a disk", better="lower"),
    }

    @staticmethod
    def measure(cell: Cell) -> dict[str, object]:
        """The largest of the cell's blocks, and sums over them."""
        both, major = total(cell.blocks, "minor_faults", "major_faults"), total(cell.blocks, "major_faults")
        faults = per_1k(cell.blocks, {"faults_per_1k": both, "major_faults_per_1k": major})
        return faults | told({"pss_mb": largest(cell.blocks, "pss_bytes")}, MB_PER_BYTE)
