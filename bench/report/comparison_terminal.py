"""What a terminal shows of several runs: arms by runs, what to know of them, and each run's answer."""

from __future__ import annotations

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from bench.analysis.comparison import Comparison
from bench.analysis.statements import Verdict
from bench.report.comparison_tables import comparison_table, facts_table
from bench.report.comparison_words import forced, notices
from bench.report.tables import to_rich
from bench.report.terminal import STYLES, fitting

COLUMNS = ("run", "p50_single_stream", "ratio_p50_single_stream", "p99_server", "ratio_p99_server", "recall")
GIVEN_UP_FIRST = ("recall", "ratio_p99_server", "p99_server")


class ComparisonReport:
    """Table, differences between the machines, warnings, then each run's verdict and answer."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Called by rich, with the width that the terminal has."""
        table = comparison_table(self._comparison)
        yield to_rich(fitting(table, COLUMNS, GIVEN_UP_FIRST, (console, options)))
        facts = facts_table(self._comparison)
        if facts is not None:
            yield to_rich(facts)
        for line in forced(self._comparison):
            yield Text(line, style="bold red")
        for line in notices(self._comparison):
            yield Text(line, style="yellow")
        for name, run in zip(self._comparison.names, self._comparison.runs, strict=True):
            verdict = Verdict(run.verdict)
            yield Text.assemble(f"\n{name}  {run.run['id']}: ", (verdict.value, STYLES[verdict]), ".")
            yield Text(run.answer, style="bold")
