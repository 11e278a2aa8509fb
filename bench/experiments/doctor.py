"""What a person would want to know of a machine before measuring on it: where every knob stands, and what to do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import MeasurementInvalid
from bench.measure.environment import describe_environment
from bench.measure.knobs import KNOBS, MACHINE, SEVERITY, KnobReport, KnobVerdict


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """reports: by knob, the worst first."""

    reports: dict[str, KnobReport]

    @property
    def sentence(self) -> str:
        """One line: how many knobs stand how, and the names of those that matter."""
        parts = []
        for verdict in reversed(SEVERITY):
            names = [kind for kind, report in self.reports.items() if report.verdict is verdict]
            named = f" ({', '.join(names)})" if verdict in (KnobVerdict.BAD, KnobVerdict.IMPROVABLE) else ""
            if names:
                parts.append(f"{len(names)} {verdict.value}{named}")
        return f"{len(self.reports)} knobs: {', '.join(parts)}."

    def as_json(self) -> dict[str, Any]:
        """The knobs, and the environment block as in run.json."""
        return {"knobs": self.entries(), "environment": describe_environment()}

    def entries(self) -> list[dict[str, str]]:
        """One a knob."""
        return [
            {
                "knob": kind,
                "meaning": KNOBS.entry(kind).summary,
                "state": report.state,
                "verdict": report.verdict.value,
                "advice": report.advice,
            }
            for kind, report in self.reports.items()
        ]

    def exit_code(self, *, strict: bool) -> int:
        """0; with strict, 3 where a knob is BAD."""
        bad = any(report.verdict is KnobVerdict.BAD for report in self.reports.values())
        return MeasurementInvalid.exit_code if strict and bad else 0


def examine(root: Path = MACHINE) -> Diagnosis:
    """Look at every knob. root: holds the machine's proc and sys.

    Those that watch counters look at the same time, before the others: those would be seen as load.
    """
    watching = [kind for kind in KNOBS.kinds() if KNOBS.get(kind).watches]
    with ThreadPoolExecutor(max_workers=max(1, len(watching))) as threads:
        looks = {kind: threads.submit(KNOBS.get(kind).inspect, root) for kind in watching}
        reports = {kind: look.result() for kind, look in looks.items()}
    reports |= {kind: KNOBS.get(kind).inspect(root) for kind in KNOBS.kinds() if kind not in watching}
    worst_first = sorted(reports, key=lambda kind: (-SEVERITY.index(reports[kind].verdict), kind))
    return Diagnosis({kind: reports[kind] for kind in worst_first})
