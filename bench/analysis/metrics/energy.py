"""Joules that serving takes, as far as the machine counts them."""

from __future__ import annotations

from typing import ClassVar

from bench.analysis.metrics import METRICS, Cell, Column
from bench.analysis.readings import per_1k, total


@METRICS.register("energy")
class Energy:
    """Whole devices while blocks were timed: idle power, other processes and the inbox's spinning are in it.

    At a given rate a faster arm mostly idles longer, so compare joules at the same load point only. DRAM, disks, fans
    and losses of the power supply are not counted.
    """

    ORDER: ClassVar[int] = 74
    COLUMNS: ClassVar[dict[str, Column]] = {
        "joules_per_1k": Column(
            "joules for 1,000 requests: CPU packages, and the GPU of an arm that computes on one; empty unless all of "
            "these are read",
            "J",
            "lower",
        ),
        "cpu_joules_per_1k": Column("joules of all CPU packages for 1,000 requests, idle power included", "J", "lower"),
        "gpu_joules_per_1k": Column("joules of the arm's GPU for 1,000 requests, idle power included", "J", "lower"),
    }

    @staticmethod
    def measure(cell: Cell) -> dict[str, object]:
        """Sums over the cell's blocks."""
        cpu_j, gpu_j = total(cell.blocks, "cpu_energy_j"), total(cell.blocks, "gpu_energy_j")
        both_j = total(cell.blocks, "cpu_energy_j", "gpu_energy_j") if cell.on_gpu else cpu_j
        amounts = {"joules_per_1k": both_j, "cpu_joules_per_1k": cpu_j, "gpu_joules_per_1k": gpu_j}
        return per_1k(cell.blocks, amounts)
