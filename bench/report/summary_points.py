"""What the head of a report says at a glance: chips, and everything that speaks against the numbers."""

from __future__ import annotations

from dataclasses import dataclass

from bench.analysis.statements import Statements, Verdict
from bench.quantities import count, quantity
from bench.report.slo import meets_slo
from bench.report.subjects import arms_of, measured_arms, records, shared_point, single_stream, slo_p99_ms


@dataclass(frozen=True, slots=True)
class Chip:
    """A short fact. tone: "good", "warn", "bad" or "plain"."""

    text: str
    tone: str = "plain"


def chips(statements: Statements) -> tuple[Chip, ...]:
    """Verdict, state of the run, arms measured, requests counted, limit met, simulated tastes."""
    tones = {Verdict.VALID: "good", Verdict.DEGRADED: "warn", Verdict.INVALID: "bad"}
    verdict = Verdict(statements.verdict)
    found = [Chip(f"Run is {verdict.value}", tones[verdict])]
    if statements.run["status"] != "complete":
        found.append(Chip(f"Run was {statements.run['status']} before its end", "bad"))
    arms, measured = arms_of(statements), measured_arms(statements)
    all_there = len(arms) == len(measured)
    found.append(Chip(f"{len(measured)} of {len(arms)} arms measured", "plain" if all_there else "warn"))
    counted = int(statements.requests["counted"].sum())
    found.append(Chip(f"n = {count(counted)} requests"))
    found += _slo_chip(statements)
    if statements.run["data"]["simulated"]:
        found.append(Chip("Simulated tastes", "warn"))
    return tuple(found)


def _slo_chip(statements: Statements) -> list[Chip]:
    """How many arms met the limit on p99, at the rate that the arms share."""
    slo_ms, point = slo_p99_ms(statements), shared_point(statements) or single_stream(statements)
    if slo_ms is None or point is None:
        return []
    met = [meets_slo(row, slo_ms) for row in records(point.rows(statements.summary))]
    untold, limit = met.count(None), f"p99 ≤ {quantity(slo_ms, 'ms')}"
    if untold == len(met):
        return [Chip(f"{limit}: too few requests to tell", "warn")]
    tone = "good" if all(met) else "warn" if any(met) else "bad"
    unsaid = f", too few requests to tell for {untold}" if untold else ""
    return [Chip(f"{limit}: {met.count(True)} of {len(met)} arms, {point.name}{unsaid}", tone)]


def warnings(statements: Statements) -> tuple[str, ...]:
    """What the run warned of, its data's warnings among it, and the arms that failed; each once."""
    said = list(statements.run["warnings"])
    said += [f"{arm.label}: {arm.status}, {arm.reason}" for arm in arms_of(statements) if arm.status == "failed"]
    return tuple(dict.fromkeys(said))
