"""The tables of a gate, for the terminal and for a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from bench.analysis.gate.comparison import Comparison
from bench.analysis.gate.rule import GateVerdict
from bench.analysis.gate.simulation import Rates
from bench.analysis.gate.statement import GateResult
from bench.quantities import times, times_between
from bench.report.tables import Cell, Column, Row, Table, escape_markdown, to_markdown

NAMES = {"p50": "p50", "p90": "p90", "cpu": "CPU seconds", "p99": "p99 (advice)"}
TONES = {GateVerdict.REGRESSED: "bad", GateVerdict.IMPROVED: "best", GateVerdict.INCONCLUSIVE: "quiet"}
HOW_TO_READ = (
    "A ratio above 1 means that head is slower. REGRESSED: the whole interval lies above 1, the ratio reaches the "
    "least that counts, and a fresh start says the same. UNCHANGED: the whole interval lies within that least ratio. "
    "INCONCLUSIVE: neither can be said; it fails nothing unless --strict. ×∞: head leaves so many requests without an "
    "answer that its percentile is infinite."
)


def comparison_table(result: GateResult) -> Table:
    """One row an arm, load and metric."""
    columns = (
        Column("metric", "Metric", numeric=False),
        Column("ratio", "Head / base"),
        Column("least", "Counts from"),
        Column("blocks", "Blocks"),
        Column("verdict", "Verdict", numeric=False),
        Column("remark", "", numeric=False),
    )
    rows = [Row(result.labels[found.arm], _cells(found, result)) for found in result.comparisons]
    rows += [
        Row(result.labels.get(arm, arm), message=f"fails on head: {reason}") for arm, reason in result.broken.items()
    ]
    rows += [
        Row(result.labels.get(arm, arm), message=f"not measured: {reason}") for arm, reason in result.absent.items()
    ]
    caption = f"{result.scenario}: {result.sides[1]} against {result.sides[0]}"
    return Table(caption, "", columns, tuple(rows), (HOW_TO_READ, *result.notes))


def counter_table(result: GateResult) -> Table | None:
    """Every exact counter that changed; None where none did."""
    if not result.counters:
        return None
    columns = (
        Column("load", "Load", numeric=False),
        Column("counter", "Counter", numeric=False),
        Column("base", "Base"),
        Column("head", "Head"),
        Column("verdict", "", numeric=False),
    )
    rows = tuple(
        Row(
            result.labels[change.arm],
            (
                Cell(change.load),
                Cell(change.counter.replace("_", " ")),
                Cell(f"{change.base:,}"),
                Cell(f"{change.head:,}"),
                Cell("more work", tone="bad") if change.is_worse else Cell("less work", tone="best"),
            ),
        )
        for change in result.counters
    )
    return Table("Exact counters that changed", "", columns, rows, ("Counted, not timed: they do not scatter.",))


def rates_table(rates: Sequence[Rates]) -> Table:
    """How often a gate would say REGRESSED, by what is planted."""
    planted = list(rates[0].shares) if rates else []
    columns = (
        Column("load", "Load", numeric=False),
        Column("metric", "Metric", numeric=False),
        *(Column(f"at_{ratio:g}", f"×{ratio:g}", "%", group="REGRESSED at") for ratio in planted),
        Column("silent", "INCONCLUSIVE at ×1", "%"),
    )
    rows = tuple(
        Row(
            each.place.arm,
            (
                Cell(each.place.load),
                Cell(NAMES[each.metric]),
                *(Cell(_percent(each.shares[ratio][GateVerdict.REGRESSED])) for ratio in planted),
                Cell(_percent(each.shares[1.0][GateVerdict.INCONCLUSIVE])),
            ),
        )
        for each in rates
    )
    gates = rates[0].gates if rates else 0
    note = f"{gates:,} gates simulated from the scatter of this run's equal processes, with the gate's own rule."
    return Table("How often the gate would be wrong here", "", columns, rows, (note,))


def gate_markdown(result: GateResult) -> str:
    """For a pull request or a job summary."""
    parts = [f"## {result.word}: latency gate, {escape_markdown(result.scenario)}", escape_markdown(result.sentence)]
    parts.append(to_markdown(comparison_table(result)))
    changed = counter_table(result)
    if changed:
        parts.append(to_markdown(changed))
    parts += [f"- not trusted: {escape_markdown(reason)}" for reason in result.contaminated]
    parts.append(f"Repeat it: `{result.command}`")
    return "\n\n".join(parts) + "\n"


def _cells(found: Comparison, result: GateResult) -> tuple[Cell, ...]:
    ratio = found.ratio
    loads = {each.load for each in result.comparisons}
    where = f"{NAMES[found.metric]}, {found.load}" if len(loads) > 1 else NAMES[found.metric]
    verdict = "not judged" if result.contaminated and not found.advisory else found.verdict.value
    return (
        Cell(where),
        Cell(times(ratio.point), times_between(ratio.low, ratio.high)),
        Cell(f"×{found.least_ratio:.2f}"),
        Cell(str(found.blocks)),
        Cell(verdict, tone=TONES.get(found.verdict, "")),
        Cell(found.remark or _wanted(found)),
    )


def _wanted(found: Comparison) -> str:
    """How much more would tell, where nothing was told."""
    if not found.more_blocks_may_tell or found.blocks_wanted <= found.blocks:
        return ""
    return f"about {found.blocks_wanted} blocks would tell"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
