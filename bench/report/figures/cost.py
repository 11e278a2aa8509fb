"""Cost: what a request takes of the machine, in money where the scenario has prices."""

from __future__ import annotations

from matplotlib.figure import Figure

from bench.analysis.statements import Statements
from bench.report.figures import FIGURES, NothingToDraw
from bench.report.subjects import LoadPoint, measured_arms, records, shared_point, single_stream
from bench.report.value_bars import Quantity, draw_value_bars

HEADS = {
    "cost_per_million": "Cost of a million requests",
    "cpu_s_per_1k": "CPU (s/1,000 requests)",
    "gpu_s_per_1k": "GPU (s/1,000 requests)",
    "joules_per_1k": "Energy (J/1,000 requests)",
}
MOST_PANELS = 3
SPUN = {"cpu_s_per_1k": "spin_s_per_1k"}
"""Column → what comes on top of it."""


@FIGURES.register("cost")
class Cost:
    """Money where there are prices, and processor seconds, one row an arm."""

    title = "Cost"
    caption = (
        "What requests take of the machine, one row an arm: money where the scenario has prices, processor seconds of "
        "all threads, and energy where it can be read. Grey on top: seconds that the instrument's inbox spun while it "
        "waited, which are no cost of the arm."
    )
    how_to_read = (
        "Shorter is cheaper. Latency and cost are not the same: an arm that uses two cores is fast and pays for both, "
        "one that batches is slower and cheaper. Prices count the work done, not the machine that idles beside it."
    )
    order = 90

    def draw(self, statements: Statements) -> Figure:
        """Raises NothingToDraw where no cost was measured at a load point that all arms share."""
        point = _where(statements)
        return draw_value_bars(f"{self.title}, {point.name}", measured_arms(statements), _panels(statements, point))

    def notes(self, statements: Statements) -> tuple[str, ...]:
        """The load point."""
        return (f"Load point: {_where(statements).name}.",)


def _where(statements: Statements) -> LoadPoint:
    for point in (shared_point(statements), single_stream(statements)):
        if point is not None and _panels(statements, point):
            return point
    raise NothingToDraw("No cost was measured at a load point that all arms share.")


def _panels(statements: Statements, point: LoadPoint) -> list[Quantity]:
    rows = records(point.rows(statements.summary))
    panels = [Quantity(head, _column(rows, name), _column(rows, SPUN.get(name, ""))) for name, head in HEADS.items()]
    return [panel for panel in panels if panel.is_measured][:MOST_PANELS]


def _column(rows: list[dict[str, object]], name: str) -> dict[str, float]:
    return {str(row["arm"]): float(str(row[name])) for row in rows if name in row}
