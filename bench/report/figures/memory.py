"""Memory and start-up: what an arm takes before and while it answers."""

from __future__ import annotations

import math

from matplotlib.figure import Figure

from bench.analysis.statements import Statements
from bench.report.figures import FIGURES, NothingToDraw
from bench.report.subjects import measured_arms
from bench.report.value_bars import Quantity, draw_value_bars

BYTES_PER_MB = 1e6


@FIGURES.register("memory")
class Memory:
    """Peak memory, weights and load time, one row an arm."""

    title = "Memory and start-up"
    caption = (
        "Largest resident set of the arm's process so far, the file of its model's weights, and the time from an empty "
        "process to a filled index; on a GPU also the most that its tensors took. A dash: not measured."
    )
    how_to_read = (
        "Shorter is cheaper. Memory says how many replicas fit on a machine; it holds the libraries too, so an arm "
        "without a model is far from zero. Load time is what a restart, or one more replica under a peak, waits for."
    )
    order = 80

    def draw(self, statements: Statements) -> Figure:
        """Raises NothingToDraw where none of these was measured."""
        return draw_value_bars(self.title, measured_arms(statements), _quantities(statements))

    def notes(self, statements: Statements) -> tuple[str, ...]:
        """None: every measured arm has its row."""
        return ()


def _quantities(statements: Statements) -> list[Quantity]:
    weights = {arm["name"]: (arm.get("info") or {}).get("weights_bytes") or math.nan for arm in statements.run["arms"]}
    panels = (
        Quantity("Memory (MB)", _largest(statements, "rss_peak_mb")),
        Quantity("GPU memory (MB)", _largest(statements, "gpu_peak_mb")),
        Quantity("Weights (MB)", {arm: size_bytes / BYTES_PER_MB for arm, size_bytes in weights.items()}),
        Quantity("Load time (s)", _largest(statements, "load_s")),
    )
    measured = [panel for panel in panels if panel.is_measured]
    if not measured:
        raise NothingToDraw("Neither memory nor load time was measured.")
    return measured


def _largest(statements: Statements, column: str) -> dict[str, float]:
    """The largest value of an arm over all load points."""
    if column not in statements.summary:
        return {}
    return {str(arm): float(value) for arm, value in statements.summary.groupby("arm")[column].max().items()}
