"""What a person at a terminal sees: progress between blocks, then a table, the answer and where the report is."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from bench.analysis.capacity.statement import Capacity
    from bench.analysis.comparison import Comparison
    from bench.analysis.equal_arms import EqualArms
    from bench.analysis.explained import ExplainedRequest
    from bench.analysis.gate.simulation import Rates
    from bench.analysis.gate.statement import GateResult
    from bench.analysis.index_ladder import IndexLadder
    from bench.analysis.micro import MicroRun
    from bench.analysis.plan.statement import Plan
    from bench.analysis.profile import Profile
    from bench.analysis.roofline import Roofline
    from bench.analysis.statements import Statements
    from bench.experiments.calibrate import Calibration
    from bench.experiments.doctor import Diagnosis
    from bench.experiments.measure import Measured


LOG_COLUMNS = 140


def _columns() -> int | None:
    """Of what is no terminal, such as CI's log: it holds long lines, and in 80 columns tables would split words."""
    return None if sys.stdout.isatty() or "COLUMNS" in os.environ else LOG_COLUMNS


class Terminal:
    """Progress goes to standard error, results to standard output."""

    def __init__(self) -> None:
        self._out = Console(width=_columns(), highlight=False, soft_wrap=True, emoji=False)
        self._err = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)

    def progress(self, message: str) -> None:
        """Say what has been done, between blocks."""
        self._err.print(f"· {message}", style="dim", markup=False)

    @contextmanager
    def progress_bar(self, what: str) -> Iterator[Callable[[int, int], None]]:
        """A bar that is told (done, total) of these; nothing where standard error is no terminal."""
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

        columns = (BarColumn(), MofNCompleteColumn(), what, TimeRemainingColumn())
        with Progress(*columns, console=self._err, disable=not self._err.is_terminal) as bar:
            task = bar.add_task(what, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)

    def print(self, text: str) -> None:
        """Plain text."""
        self._out.print(text, markup=False)

    def show(self, statements: Statements) -> None:
        """The table, the answer and the verdict."""
        from bench.report import terminal_table

        self._out.print(terminal_table(statements))

    def show_comparison(self, comparison: Comparison) -> None:
        """Arms by runs, what to know of them, and each run's answer."""
        from bench.report import terminal_comparison

        self._out.print(terminal_comparison(comparison))

    def show_quality(self, quality: pd.DataFrame) -> None:
        """The tables of an evaluation: one row an arm or floor, one column a metric."""
        from bench.report.evaluation_tables import evaluation_tables
        from bench.report.tables import to_rich

        for table in evaluation_tables(quality):
            self._out.print(to_rich(table))

    def show_diagnosis(self, diagnosis: Diagnosis) -> None:
        """Where the knobs of the machine stand, the commands that turn them, and how many are to be turned."""
        from bench.report.knob_table import knob_table
        from bench.report.tables import to_rich

        entries = diagnosis.entries()
        self._out.print(to_rich(knob_table(entries)))
        for entry in entries:
            if entry["advice"]:
                self.print(f"{entry['knob']}: {entry['advice']}")
        self.print(f"\n{diagnosis.sentence}")

    def show_equal_arms(self, found: EqualArms) -> None:
        """How far apart equal arms were, and what is not resolvable here."""
        from bench.report.equal_arms_table import equal_arms_table
        from bench.report.tables import to_rich

        self._out.print(to_rich(equal_arms_table(found)))
        self.print(found.sentence)

    def show_calibration(self, found: Calibration) -> None:
        """The floor under every measurement, the known answers, and how many of them were found."""
        from bench.report.calibration_table import floor_table, known_answers_table
        from bench.report.tables import to_rich

        self._out.print(to_rich(floor_table(found.ours, found.loadgen)))
        self._out.print(to_rich(known_answers_table((*found.theory, *found.agreement))))
        self.print(f"clock {found.stamps.clock_ns:.0f} ns a reading, mark {found.stamps.mark_ns:.0f} ns")
        self.print(f"waiting {found.waiting.spin_us:.0f} µs spun ({found.waiting.why})")
        self.print(found.sentence)

    def show_capacity(self, found: Capacity) -> None:
        """The curve, what a reader must know of it, and the sentence."""
        from bench.report.capacity_table import capacity_table
        from bench.report.tables import to_rich

        self._out.print(to_rich(capacity_table(found)))
        self.print(found.sentence)

    def show_plan(self, found: Plan) -> None:
        """How far the simulation was off, then what it asks for."""
        from bench.report.plan_tables import terminal_tables
        from bench.report.tables import to_rich

        self.print(found.error_sentence)
        for table in terminal_tables(found):
            self._out.print(to_rich(table))
        self.print(found.sentence)

    def show_roofline(self, found: Roofline) -> None:
        """What the machine can do, and how near each encoder comes to it."""
        from bench.report.roofline_table import ceilings_table, shares_table
        from bench.report.tables import to_rich

        self._out.print(to_rich(ceilings_table(found)))
        self._out.print(to_rich(shares_table(found)))

    def show_index_ladder(self, found: IndexLadder) -> None:
        """What each index costs and keeps, by size."""
        from bench.report.index_ladder_table import index_ladder_tables
        from bench.report.tables import to_rich

        for table in index_ladder_tables(found):
            self._out.print(to_rich(table))

    def show_hotspots(self, found: Profile, top: int) -> None:
        """The functions with the most time of their own."""
        from bench.report.hotspot_table import hotspot_table
        from bench.report.tables import to_rich

        self._out.print(to_rich(hotspot_table(found, top)))

    def show_micro(self, found: MicroRun) -> None:
        """Micro-benchmarks with percentiles, and the machine where the file says it."""
        from bench.report.micro_table import micro_table
        from bench.report.tables import to_rich

        self._out.print(to_rich(micro_table(found)))
        if model := found.environment.get("cpu", {}).get("model"):
            self.print(f"Measured on {model}, {found.environment['cpu'].get('usable', 'unknown')} usable processors.")

    def show_explanation(self, found: ExplainedRequest) -> None:
        """Who asked, what each score is made of, and the events that lie nearest."""
        from bench.report.explanation_table import heading, nearest_table, parts_table
        from bench.report.tables import to_rich

        self.print(f"{heading(found)}\n")
        self._out.print(to_rich(parts_table(found)))
        self._out.print(to_rich(nearest_table(found)))

    def show_gate(self, result: GateResult) -> None:
        """Every comparison, the counters that changed, and the verdict."""
        from bench.report.gate_table import comparison_table, counter_table
        from bench.report.tables import to_rich

        self._out.print(to_rich(comparison_table(result)))
        changed = counter_table(result)
        if changed:
            self._out.print(to_rich(changed))
        for reason in result.contaminated:
            self.print(f"not trusted: {reason}")
        self.print(result.sentence)

    def show_gate_rates(self, rates: Sequence[Rates]) -> None:
        """How often the gate would be wrong on this machine."""
        from bench.report.gate_table import rates_table
        from bench.report.tables import to_rich

        self._out.print(to_rich(rates_table(rates)))

    def conclude(self, measured: Measured) -> None:
        """What a run found, and where its report is."""
        self.show(measured.statements)
        self._out.print(f"report:  {measured.folder / 'report.html'}", markup=False)
