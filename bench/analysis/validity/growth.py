"""Whether anything grew in a run that held a load for that very question."""

from __future__ import annotations

from collections.abc import Iterator

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
            unit = f" {row['unit']}" if row["unit"] else ""
            message = (
                f"{row['quantity']} grows by {quantity(row['per_hour'])}{unit} an hour of serving, from "
                f"{quantity(row['first'])}{unit} to {quantity(row['last'])}{unit}"
            )
            advice = "Soak longer to see whether it levels off; else look for what is kept and never let go."
            yield Finding("growth", Verdict.DEGRADED, str(row["label"]), message, advice)
