"""How a number is written: three significant digits, a unit, an interval; the same in every table and picture."""

from __future__ import annotations

import math

MISSING = "–"
"""Stands where nothing was measured, or where too few requests owe that percentile."""

INFINITE = "∞"
SIGNIFICANT_DIGITS = 3


def quantity(value: float | None, unit: str = "") -> str:
    """The value with three significant digits and its unit: `0.940 ms`, `12.3 ms`, `1.20 s`, `12,300/s`.

    value: in `unit`; None and NaN give "–", infinities "∞". unit: "" in a table whose header names it (the value then
    keeps its scale); "ms" turns to s from 1,000 ms on; "/s", "%" and "×" stand where they are read.
    """
    if value is None or math.isnan(value):
        return MISSING
    if unit == "ms" and 1_000 <= abs(value) < math.inf:
        value, unit = value / 1_000, "s"
    number = _significant(value)
    if unit == "×":
        return f"×{number}"
    return f"{number}{unit}" if unit.startswith("/") or not unit else f"{number} {unit}"


def times(ratio: float) -> str:
    """A ratio of two like things with three decimals, since what matters lies near 1: `×1.053`, `×∞`; NaN gives "–"."""
    return f"×{ratio:.3f}" if math.isfinite(ratio) else quantity(ratio, "×")


def times_between(low: float, high: float) -> str:
    """The bounds of such a ratio: `[1.021, 1.084]`."""
    return f"[{', '.join(times(bound).removeprefix('×') for bound in (low, high))}]"


def interval(low: float | None, high: float | None) -> str:
    """`[11.9, 12.8]`; "" where no bound was measured; a bound that does not exist is written ∞."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return ""
    return f"[{quantity(low)}, {quantity(high)}]"


def difference(value: float | None) -> str:
    """A difference with its sign always written: `+5.10`, `−0.300`."""
    written = quantity(value)
    return written if written == MISSING or written.startswith("−") else f"+{written}"


def count(value: float | None) -> str:
    """A whole number, exact, with thousands apart: `12,345`."""
    return MISSING if value is None or math.isnan(value) else f"{int(value):,}"


def _significant(value: float) -> str:
    """Three significant digits in plain notation, thousands apart, with a true minus sign."""
    if math.isinf(value):
        return INFINITE if value > 0 else f"−{INFINITE}"
    if value == 0:
        return "0"
    rounded = float(f"{value:.{SIGNIFICANT_DIGITS - 1}e}")
    decimals = max(0, SIGNIFICANT_DIGITS - 1 - math.floor(math.log10(abs(rounded))))
    return f"{rounded:,.{decimals}f}".replace("-", "−")
