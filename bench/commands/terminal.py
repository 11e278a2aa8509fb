"""What a person at a terminal sees: progress between blocks, then a table, the answer and where the report is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    import pandas as pd

    from bench.analysis.statements import Statements
    from bench.experiments.measure import Measured


class Terminal:
    """Progress goes to standard error, results to standard output."""

    def __init__(self) -> None:
        self._out = Console(highlight=False, soft_wrap=True, emoji=False)
        self._err = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)

    def progress(self, message: str) -> None:
        """Say what has been done, between blocks."""
        self._err.print(f"· {message}", style="dim", markup=False)

    def print(self, text: str) -> None:
        """Plain text."""
        self._out.print(text, markup=False)

    def show(self, statements: Statements) -> None:
        """The table, the answer and the verdict."""
        from bench.report import terminal_table

        self._out.print(terminal_table(statements))

    def show_quality(self, quality: pd.DataFrame) -> None:
        """A table of an evaluation: one row an arm or floor, one column a metric."""
        from bench.report.quality_table import evaluation_table
        from bench.report.tables import to_rich

        self._out.print(to_rich(evaluation_table(quality)))

    def conclude(self, measured: Measured) -> None:
        """What a run found, and where its report is."""
        self.show(measured.statements)
        self._out.print(f"report:  {measured.folder / 'report.html'}", markup=False)
