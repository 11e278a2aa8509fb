"""Whether anything grew in a run that held a load for that very question."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from bench.analysis.soak import Growth, soak_table
from bench.analysis.statements import Finding, Verdict
from bench.analysis.validity import Evidence, check
from bench.quantities import quantity


@check
class Grows:
    """A soak's quantities that rise beyond chance, and by enough to matter."""

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """One a quantity and arm."""
        table = soak_table(evidence.run, evidence.requests)
        for row in table[table["growth"] == Growth.GROWS.value].to_dict("records"):
            advice = "Soak longer to see whether it levels off; else look for what is kept and never let go."
            yield Finding("growth", Verdict.DEGRADED, str(row["label"]), _in_words(row), advice)


def _in_words(row: Mapping[Hashable, Any]) -> str:
    """By how much an hour; by how much in all, and unevenly, where that slope explains less than half of it."""
    unit = f" {row['unit']}" if row["unit"] else ""
    risen = row["last"] - row["first"]
    is_even = row["per_hour"] * row["hours"] >= risen / 2
    by = f"{quantity(row['per_hour'])}{unit} an hour of serving" if is_even else f"{quantity(risen)}{unit}, unevenly"
    return f"{row['quantity']} grows by {by}, from {quantity(row['first'])}{unit} to {quantity(row['last'])}{unit}"
