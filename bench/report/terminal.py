"""What a terminal shows of a run: the arms at a glance, what speaks against them, and the answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

from bench.analysis.statements import Outcome, Statements, Verdict
from bench.report import outside
from bench.report.arm_tables import main_table
from bench.report.soak_table import soak_table
from bench.report.tables import Table, to_rich
from bench.report.wording import SIMULATED

STYLES = {Verdict.VALID: "bold green", Verdict.DEGRADED: "bold yellow", Verdict.INVALID: "bold red"}
OUTCOMES = {Outcome.PASS: "green", Outcome.FAIL: "red"}
COLUMNS = ("p50_alone", "p99_shared", "throughput", "recall", "delta_p50")
GIVEN_UP_FIRST = ("throughput", "recall", "p99_shared", "p50_alone")


class TerminalReport:
    """Table, findings that are not VALID, outside checks, verdict and answer, in this order.

    The answer stands last, by the prompt.
    """

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Called by rich, with the width that the terminal has."""
        yield to_rich(fitting(main_table(self._statements), COLUMNS, GIVEN_UP_FIRST, (console, options)))
        if soaked := soak_table(self._statements):
            yield to_rich(soaked)
        for finding in self._statements.findings:
            verdict = Verdict(finding.verdict)
            if verdict is not Verdict.VALID:
                said = f" {finding.where}: {finding.message}" + (f" ({finding.advice})" if finding.advice else "")
                yield Text(verdict.value, style=STYLES[verdict]).append(said, style="not bold default")
        yield from self._outside()
        if self._statements.run["data"]["simulated"]:
            yield Text(SIMULATED, style="dim")
        verdict = Verdict(self._statements.verdict)
        yield Text.assemble("Run is ", (verdict.value, STYLES[verdict]), ".")
        yield Text(self._statements.answer, style="bold")

    def _outside(self) -> Iterator[Text]:
        """Against results from elsewhere."""
        for check in outside.made(self._statements):
            yield Text(check.outcome.value, style=OUTCOMES[check.outcome]).append(f" {outside.said(check)}", "default")
        untold = ", ".join(check.name for check in self._statements.outside if check.outcome is Outcome.NOT_TESTABLE)
        if untold:
            yield Text(f"Checks against results from elsewhere, not testable here: {untold}.", style="dim")


def fitting(
    table: Table, keys: Sequence[str], given_up_first: Sequence[str], where: tuple[Console, ConsoleOptions]
) -> Table:
    """These columns, fewer where the terminal is narrow: a cut number would be a wrong one."""
    console, options = where
    kept = [key for key in keys if key in {column.key for column in table.columns}]
    for given_up in given_up_first:
        needed = Measurement.get(console, options, to_rich(table.only(kept))).minimum
        if needed <= options.max_width - 2:
            break
        kept = [key for key in kept if key != given_up]
    return table.only(kept)
