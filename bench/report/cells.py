"""How one measured value becomes a cell: with its interval, and with a word instead of a number that would mislead."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bench.analysis.stats.ratios import Change
from bench.quantities import MISSING, difference, interval, quantity
from bench.report.tables import Cell

TOO_FEW = "too few requests for this percentile, or not measured"
SATURATED = Cell("saturated", note="the queue grew without end: latency would tell the length of the run", tone="bad")
NOT_RESOLVABLE = Cell(
    "not resolvable",
    note="the interval of the difference, over blocks or over restarts, holds 0; from that value on it would not",
    tone="quiet",
)
UNBOUNDED = "not bounded: too few independent requests for an interval, so the value alone says little"
NO_RATIO = "no ratio: another machine, a saturated load point, or too few requests"
RATIO_TONES = {Change.SLOWER.value: "bad", Change.UNTOLD.value: "quiet"}

Values = Mapping[str, Any]


def number(values: Values, key: str) -> float:
    """The value as a float; NaN where there is none."""
    value = values.get(key)
    return math.nan if value is None else float(value)


def percentile_cell(values: Values, name: str) -> Cell:
    """A percentile ("p99") in ms of a summary row: `saturated` under overload, "–" where the requests do not owe it."""
    if number(values, "saturated") == 1:
        return SATURATED
    value = number(values, f"{name}_ms")
    if math.isnan(value):
        return Cell(MISSING, note=TOO_FEW, tone="quiet")
    low, high = number(values, f"{name}_low_ms"), number(values, f"{name}_high_ms")
    low = 0.0 if math.isnan(low) else low  # no bound that requests give, but time is not negative
    if math.isinf(value):
        return Cell(quantity(value), interval(low, high), "more requests went unanswered than it leaves out", "bad")
    return Cell(quantity(value), interval(low, high), bounds=(low, value, high))


def value_cell(values: Values, key: str, note: str = "not measured") -> Cell:
    """Any value with the interval of its `_low` and `_high` columns, where it has them."""
    value = number(values, key)
    if math.isnan(value):
        return Cell(MISSING, note=note, tone="quiet")
    low, high = number(values, f"{key}_low"), number(values, f"{key}_high")
    return Cell(quantity(value), interval(low, high), bounds=(low, value, high))


def share_cell(values: Values, key: str) -> Cell:
    """A share 0 to 1 as a percentage with three significant digits."""
    value = number(values, key)
    return Cell(MISSING, tone="quiet") if math.isnan(value) else Cell(quantity(100 * value))


def difference_cell(values: Values, name: str, unit: str = "") -> Cell:
    """A difference to the baseline, `delta_<name>[_low|_high][_unit]` of a tax row.

    `saturated` under overload. `not resolvable` where its interval over blocks or that over restarts holds 0, and from
    which difference on it would be: the reach of the wider one. An interval without any bound holds every value and so
    tells nothing apart: there the value stands, with a note.
    """
    if bool(values.get("saturated")):
        return SATURATED
    ending = f"_{unit}" if unit else ""
    value = number(values, f"delta_{name}{ending}")
    if math.isnan(value):
        return Cell(MISSING, note=TOO_FEW, tone="quiet")
    low, high = number(values, f"delta_{name}_low{ending}"), number(values, f"delta_{name}_high{ending}")
    if low == -math.inf and high == math.inf:
        return Cell(difference(value), interval(low, high), UNBOUNDED)
    restarts = [number(values, f"delta_{name}_restarts_{bound}{ending}") for bound in ("low", "high")]
    bounds = [(low, high), *([(restarts[0], restarts[1])] if not math.isnan(restarts[0]) else [])]
    if any(low <= 0 <= high for low, high in bounds):
        least = max(max(value - low, high - value) for low, high in bounds)
        told_from = f" from ±{quantity(least)}" if math.isfinite(least) else ""
        return replace(NOT_RESOLVABLE, interval=f"{interval(low, high)}{told_from}")
    return Cell(difference(value), interval(low, high))


def ratio_cell(values: Values, percentile: str) -> Cell:
    """`×1.07 slower` with its interval, of the columns `ratio_<percentile>…`; "–" where no ratio is claimed."""
    ratio = number(values, f"ratio_{percentile}")
    if math.isnan(ratio):
        return Cell(MISSING, note=NO_RATIO, tone="quiet")
    word = str(values[f"ratio_{percentile}_verdict"])
    low, high = (number(values, f"ratio_{percentile}_{bound}") for bound in ("low", "high"))
    return Cell(f"{quantity(ratio, '×')} {word}", interval(low, high), tone=RATIO_TONES.get(word, ""))


def restarts_cell(values: Values, name: str) -> Cell:
    """The bounds of a difference over restarts, `delta_<name>_restarts_low_ms` and `_high_ms` of a tax row."""
    if bool(values.get("saturated")):
        return SATURATED
    low, high = (number(values, f"delta_{name}_restarts_{bound}_ms") for bound in ("low", "high"))
    return Cell(MISSING, tone="quiet") if math.isnan(low) else Cell(interval(low, high))


def mark_best(cells: Sequence[Cell], sign: int) -> list[Cell]:
    """The cells with the best value in bold, and every other whose interval reaches as far as the best one's.

    sign: +1 when higher is better, −1 when lower is. Without intervals only the best value itself is marked.
    """
    known = [i for i, cell in enumerate(cells) if math.isfinite(cell.bounds[1])]
    if len(known) < 2:
        return list(cells)
    best = max(known, key=lambda i: sign * cells[i].bounds[1])
    worst_end, best_end = (0, 2) if sign > 0 else (2, 0)
    reach = sign * cells[best].bounds[worst_end]
    tied = {best, *(i for i in known if sign * cells[i].bounds[best_end] >= reach)}
    return [replace(cell, tone="best") if i in tied else cell for i, cell in enumerate(cells)]
