"""What a gate says: verdicts, counters, why not to trust it, and the exit code that follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.analysis.gate.comparison import Comparison
from bench.analysis.gate.counters import CounterChange
from bench.analysis.gate.rule import GateVerdict
from bench.quantities import times, times_between

REGRESSED_EXIT_CODE = 1
CONTAMINATED_EXIT_CODE = 3
FAILED_EXIT_CODE = 4


@dataclass(frozen=True)
class GateResult:
    """One gate. sides: base and head in words; labels: of the arms, for people; command: what repeats it.

    contaminated: why timings are not to be trusted; counters are. broken: arm → why head's fails where base's does not.
    absent: arm → why it was not measured; notes: what a reader should know beside.
    """

    scenario: str
    sides: tuple[str, str]
    command: str
    labels: Mapping[str, str]
    comparisons: tuple[Comparison, ...]
    counters: tuple[CounterChange, ...]
    contaminated: tuple[str, ...] = ()
    broken: Mapping[str, str] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def of(self, verdict: GateVerdict) -> list[Comparison]:
        """The comparisons with this verdict that decide something; none where timings are not to be trusted."""
        if self.contaminated:
            return []
        return [found for found in self.comparisons if found.verdict is verdict and not found.advisory]

    @property
    def nothing_compared(self) -> bool:
        """Whether there is no comparison that could decide something."""
        return all(found.advisory for found in self.comparisons)

    @property
    def more_work(self) -> list[CounterChange]:
        """Counters by which head does more."""
        return [change for change in self.counters if change.is_worse]

    @property
    def word(self) -> str:
        """The gate in one word."""
        if self.of(GateVerdict.REGRESSED) or self.more_work:
            return "REGRESSED"
        if self.broken or self.nothing_compared:
            return "FAILED"
        if self.contaminated:
            return "CONTAMINATED"
        if self.of(GateVerdict.INCONCLUSIVE):
            return "INCONCLUSIVE"
        return "IMPROVED" if self.of(GateVerdict.IMPROVED) else "UNCHANGED"

    def exit_code(self, *, strict: bool) -> int:
        """1 for a regression and nothing else; 4 where an arm is broken or nothing was compared.

        3 contaminated. If strict, 3 inconclusive too, and 4 where any arm was not measured.
        """
        codes = {
            "REGRESSED": REGRESSED_EXIT_CODE,
            "FAILED": FAILED_EXIT_CODE,
            "CONTAMINATED": CONTAMINATED_EXIT_CODE,
            "INCONCLUSIVE": CONTAMINATED_EXIT_CODE if strict else 0,
        }
        code = codes.get(self.word, 0)
        return FAILED_EXIT_CODE if strict and self.absent and code in (0, CONTAMINATED_EXIT_CODE) else code

    @property
    def sentence(self) -> str:
        """For people: the word, what it rests on, and the arms of which it says nothing."""
        if self.nothing_compared or not self.absent:
            return self._judgement
        return f"{self._judgement} Not measured, so not judged: {self._reasons(self.absent)}."

    @property
    def _judgement(self) -> str:
        if self.word == "CONTAMINATED":
            reasons = "; ".join(self.contaminated)
            return f"CONTAMINATED: {reasons}. No timing is judged. Next: run it again on a machine at rest."
        regressed = [self.told(found) for found in self.of(GateVerdict.REGRESSED)]
        regressed += [
            f"{self.labels[change.arm]} {change.counter} {change.base:,} → {change.head:,}" for change in self.more_work
        ]
        if regressed:
            return f"REGRESSED: {'; '.join(regressed)}."
        if self.broken:
            return f"FAILED: {self._reasons(self.broken)}."
        if self.nothing_compared:
            why = f" ({self._reasons(self.absent)})" if self.absent else ""
            return f"FAILED: no arm could be compared{why}. Next: llm-rec-bench run {self.scenario}, to see what fails."
        counts = Counter(found.verdict for found in self.comparisons if not found.advisory)
        said = ", ".join(f"{count} {verdict.value.lower()}" for verdict, count in counts.items())
        return f"{self.word}: of {sum(counts.values())} comparisons {said}."

    def _reasons(self, arms: Mapping[str, str]) -> str:
        return "; ".join(f"{self.labels.get(arm, arm)}: {reason}" for arm, reason in arms.items())

    def told(self, found: Comparison) -> str:
        """One comparison in a few words."""
        ratio = found.ratio
        where = f"{self.labels[found.arm]} {found.metric} at {found.load}"
        return f"{where} {times(ratio.point)} {times_between(ratio.low, ratio.high)}"

    def as_json(self, *, strict: bool) -> dict[str, Any]:
        """Plain values, for machines."""
        return {
            "schema_version": 1,
            "scenario": self.scenario,
            "base": self.sides[0],
            "head": self.sides[1],
            "command": self.command,
            "verdict": self.word,
            "exit_code": self.exit_code(strict=strict),
            "sentence": self.sentence,
            "comparisons": [found.as_json() for found in self.comparisons],
            "counters": [change.as_json() for change in self.counters],
            "contaminated": list(self.contaminated),
            "broken": dict(self.broken),
            "absent": dict(self.absent),
            "notes": list(self.notes),
        }
