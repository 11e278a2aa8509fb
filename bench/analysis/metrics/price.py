"""What a million requests cost, at the prices of the scenario."""

from __future__ import annotations

from typing import ClassVar

from bench.analysis.metrics import METRICS, Cell, Column
from bench.analysis.readings import cpu_work_s, gpu_busy_s, total

S_PER_HOUR = 3600


@METRICS.register("price")
class Price:
    """Seconds of work times their price: what a fully used machine costs, not what an idle one costs beside it."""

    ORDER: ClassVar[int] = 75
    COLUMNS: ClassVar[dict[str, Column]] = {
        "cost_per_million": Column(
            "CPU and GPU seconds of 1,000,000 requests at the scenario's prices, in its currency; empty unless the "
            "device that the arm computes on has a price",
            better="lower",
        ),
    }

    @staticmethod
    def measure(cell: Cell) -> dict[str, object]:
        """Priced parts only: the price of a GPU may hold that of the cores beside it."""
        prices = cell.run["scenario"].get("prices") or {}
        used_s = {"cpu_core_hour": cpu_work_s(cell.blocks)}
        if cell.on_gpu:
            used_s["gpu_hour"] = gpu_busy_s(cell.blocks)
        costs = {name: _times(seconds, prices[name]) for name, seconds in used_s.items() if prices.get(name)}
        requests = total(cell.blocks, "requests")
        if ("gpu_hour" if cell.on_gpu else "cpu_core_hour") not in costs or not requests:
            return {}
        paid = [cost for cost in costs.values() if cost is not None]
        return {"cost_per_million": 1e6 * sum(paid) / requests} if len(paid) == len(costs) else {}


def _times(seconds: float | None, price_per_hour: float) -> float | None:
    """The cost of these seconds; None where they were not measured."""
    return None if seconds is None else seconds * price_per_hour / S_PER_HOUR
