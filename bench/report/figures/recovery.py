"""Tax and recovery: what the reference adds to the baseline, and what each optimisation wins back of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from bench.analysis.statements import Statements
from bench.quantities import quantity
from bench.report.arm_rows import Rows, make_rows, say_beside, widest
from bench.report.axes import plain
from bench.report.cells import Values, number
from bench.report.figures import FIGURES, NothingToDraw
from bench.report.style import FAINT, INK, RULE
from bench.report.subjects import Arm, LoadPoint, measured_arms, records, shared_point, single_stream

BAR = 0.5
ROW_IN = 0.38
WON_COLOUR = "#dcefe7"
AIR_SHARE = 0.04
MOST_TAXES = 2.0
"""Where the axis ends: an arm that costs many times the reference's tax must not hide what the others win back."""

ArmRows = list[tuple[Arm, Values]]


@FIGURES.register("recovery")
class Recovery:
    """What is left of the reference's tax at p50, one row an optimisation, with the fidelity that was paid."""

    title = "Tax and recovery"
    caption = (
        "What the exact reference adds at p50 to the recommender without a model, and what is left of it after each "
        "optimisation of the same model, with 95 % intervals; the part won back is pale green. At the right its share, "
        "and the fidelity that was paid: agreement with the reference's lists."
    )
    how_to_read = (
        "The shorter the bar, the more of the model's cost is bought back. An arm whose fidelity misses the gate gives "
        "other lists than the reference: its speed is drawn hollow and not credited. A bar left of zero is faster than "
        "the baseline; one beyond the dashed line costs more than the reference; at twice as much it runs off the edge."
    )
    order = 50

    def draw(self, statements: Statements) -> Figure:
        """Raises NothingToDraw without a reference whose tax is told from nothing and another arm of its model."""
        gate, groups = _gate(statements), _groups(statements)
        titled = [
            (f"{'AB'[place] + '  ' if len(groups) > 1 else ''}{self.title}, {point.name}", [arm for arm, _ in rows])
            for place, (point, rows) in enumerate(groups.items())
        ]
        said = [_said(arm, values, gate) for rows in groups.values() for arm, values in rows]
        figure, made = make_rows(Rows(titled, [widest(said)], ROW_IN))
        for [axes], rows in zip(made, groups.values(), strict=True):
            whole_ms = next(number(values, "delta_p50_ms") for arm, values in rows if arm.role == "reference")
            _set_axis(axes, [values for _, values in rows], whole_ms)
            for place, (arm, values) in enumerate(rows):
                _draw(axes, (place, whole_ms), arm, values, _is_credited(values, gate))
                say_beside(axes, place, _said(arm, values, gate), INK if _is_credited(values, gate) else FAINT)
        return figure

    def notes(self, statements: Statements) -> tuple[str, ...]:
        """The gate, and the arms that are left out because they hold another model."""
        drawn = {arm.name for rows in _groups(statements).values() for arm, _ in rows}
        others = [arm.label for arm in measured_arms(statements) if arm.name not in drawn and arm.role != "baseline"]
        left_out = f"Not drawn, another model, saturated or not owed: {', '.join(others)}." if others else ""
        gate = _gate(statements)
        return tuple(note for note in (f"Fidelity gate: {gate:g}." if gate else "", left_out) if note)


def _gate(statements: Statements) -> float | None:
    """The least fidelity at which speed is credited, as the scenario has it."""
    gate = (statements.run["scenario"].get("quality") or {}).get("fidelity_gate")
    return None if gate is None else float(gate)


def _groups(statements: Statements) -> dict[LoadPoint, ArmRows]:
    """Single stream and the shared rate, those of them at which the reference has a tax that somebody wins back."""
    points = [point for point in (single_stream(statements), shared_point(statements)) if point is not None]
    groups = {point: _rows(statements, point) for point in points}
    groups = {point: rows for point, rows in groups.items() if len(rows) > 1}
    if not groups:
        raise NothingToDraw("The run has no reference with a tax that is told from nothing beside another arm of it.")
    return groups


def _rows(statements: Statements, point: LoadPoint) -> ArmRows:
    """The reference, then the other arms of its model, those that win back most at the end."""
    arms = {arm.name: arm for arm in measured_arms(statements)}
    rows = [(arms[row["arm"]], row) for row in records(point.rows(statements.tax)) if row["arm"] in arms]
    whole = [(arm, row) for arm, row in rows if arm.role == "reference" and number(row, "delta_p50_low_ms") > 0]
    back = [(arm, row) for arm, row in rows if math.isfinite(number(row, "recovered_share"))]
    return [*whole, *sorted(back, key=lambda pair: number(pair[1], "recovered_share"))] if whole else []


def _is_credited(values: Values, gate: float | None) -> bool:
    """Whether the arm's lists are the reference's; where no fidelity was measured nothing is credited."""
    return gate is None or number(values, "fidelity_at_k") >= gate


def _said(arm: Arm, values: Values, gate: float | None) -> str:
    added = f"{quantity(number(values, 'delta_p50_ms'))} ms"
    if arm.role == "reference":
        return f"{added}: the whole tax\nfidelity 1 by definition"
    recovered = number(values, "recovered_share")
    share = f"{added}: {100 * recovered:.0f} % won back" if recovered > 0 else f"{added}: nothing won back"
    fidelity = number(values, "fidelity_at_k")
    if math.isnan(fidelity):
        return f"{share}\nfidelity not measured"
    return f"{share}\nfidelity {quantity(fidelity)}{'' if _is_credited(values, gate) else ', misses the gate'}"


def _set_axis(axes: Axes, rows: Sequence[Values], whole_ms: float) -> None:
    ends = ("", "_low", "_high")
    bounds = [number(values, f"delta_p50{end}_ms") for values in rows for end in ends]
    finite = [min(bound, MOST_TAXES * whole_ms) for bound in bounds if math.isfinite(bound)] + [0.0]
    air = AIR_SHARE * (max(finite) - min(finite))
    axes.set_xlim(min(finite) - (air if min(finite) < 0 else 0), max(finite) + air)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: plain(value).replace("-", "−")))
    axes.axvline(0, color=RULE, linewidth=0.8, zorder=1.5)
    axes.axvline(whole_ms, color=RULE, linewidth=0.8, linestyle="--", zorder=1.5)
    axes.set_xlabel("Added to the baseline's p50 (ms), lower is better")


def _draw(axes: Axes, at: tuple[int, float], arm: Arm, values: Values, is_credited: bool) -> None:
    """The bar of what is left, the pale part won back, and the interval."""
    (place, whole_ms), colour = at, arm.style.colour
    left_ms = number(values, "delta_p50_ms")
    if left_ms < whole_ms:
        axes.barh(place, whole_ms - left_ms, left=left_ms, height=BAR, color=WON_COLOUR if is_credited else "#f1f1f1",
                  linewidth=0, zorder=1)  # fmt: skip
    axes.barh(place, left_ms, height=BAR, facecolor=colour if is_credited else "white", edgecolor=colour, linewidth=1.1,
              zorder=2)  # fmt: skip
    bounds = [number(values, f"delta_p50_{end}_ms") for end in ("low", "high")]
    if all(map(math.isfinite, bounds)):
        axes.plot(bounds, [place, place], color=INK, linewidth=1.2, zorder=3)
