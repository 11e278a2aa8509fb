"""The report's first sentences: what the model costs, what it buys, and what buys the cost back.

Every output takes them from here, so report, terminal and run.json never disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bench.analysis.roles import holder
from bench.analysis.shared_rate import shared_rate
from bench.quantities import difference, interval, quantity


def answer(run: dict[str, Any], summary: pd.DataFrame, tax: pd.DataFrame) -> str:
    """Two to four sentences. Says so where there is no baseline, no model arm or nothing resolvable to speak of."""
    arms = {arm["name"]: arm for arm in run["arms"]}
    baseline = holder(run, "baseline")
    if baseline is None or not len(tax):
        return "No answer: the run has no measured baseline beside a measured arm with a model."
    reference = holder(run, "reference") or arms[tax["arm"].iloc[0]]
    unloaded = tax[tax["load_kind"] == "single_stream"]
    if not len(unloaded):
        unloaded = tax[tax["load"] == tax["load"].iloc[0]]
    row = _row(unloaded, reference["name"])
    first, benefit = _cost(reference, baseline, row, summary), _benefit(run, row)
    if _is_told(row) and isinstance(benefit, Benefit):
        first, benefit = f"{reference['label']} {benefit.verdict}: it {first}{benefit.change}.", ""
    elif _is_told(row):
        first = f"{reference['label']} {first}."
    sentences = [first, _under_load(reference, tax, summary), str(benefit), _recovery(run, unloaded)]
    return " ".join(sentence for sentence in sentences if sentence)


@dataclass(frozen=True, slots=True)
class Benefit:
    """verdict: in two to five words. change: of recall, to end a sentence that began with the cost."""

    verdict: str
    change: str

    def __str__(self) -> str:
        return f"It {self.verdict}{self.change}."


def _is_told(row: pd.Series | None) -> bool:
    """Whether what the model adds at p50 is known and told from nothing."""
    return row is not None and not np.isnan(row["delta_p50_ms"]) and bool(row["resolvable"])


def _cost(reference: dict[str, Any], baseline: dict[str, Any], row: pd.Series | None, summary: pd.DataFrame) -> str:
    """What the reference does, to follow its label; a whole sentence where that is not told."""
    if row is None or np.isnan(row["delta_p50_ms"]):
        return f"What {reference['label']} adds cannot be told from this run: too few requests, or a saturated system."
    if not row["resolvable"]:
        return f"What {reference['label']} adds at p50 is not resolvable: {_delta(row, 'p50')}."
    load = summary["load"] == row["load"]
    base = summary[load & (summary["arm"] == baseline["name"]) & (summary["request_kind"] == "recommend")].iloc[0]
    tail = f" and {_delta(row, 'p99')} at p99" if not np.isnan(row["delta_p99_ms"]) else ""
    verb = "adds" if row["delta_p50_ms"] > 0 else "changes latency by"
    return (
        f"{verb} {_delta(row, 'p50')} at p50{tail} to a recommender that takes "
        f"{quantity(base['p50_ms'], 'ms')} without a model ({baseline['label']})"
    )


def _under_load(reference: dict[str, Any], tax: pd.DataFrame, summary: pd.DataFrame) -> str:
    """At the rate at which all arms are compared."""
    if not summary["offered_per_s"].notna().any():
        return ""
    shared = shared_rate(summary)
    if shared is None:
        return f"At no rate measured do all arms keep up; {reference['label']}'s tax under load is saturated."
    load, rate = shared
    row = _row(tax[(tax["load"] == load) & (tax["offered_per_s"] == rate)], reference["name"])
    if row is None or np.isnan(row["delta_p50_ms"]):
        return ""
    if not row["resolvable"]:
        return f"At {rate:g} requests/s, which all arms sustain, it is not resolvable at p50: {_delta(row, 'p50')}."
    tail = f" and {_delta(row, 'p99')} at p99" if not np.isnan(row["delta_p99_ms"]) else ""
    return f"At {rate:g} requests/s, which all arms sustain, it is {_delta(row, 'p50')} at p50{tail}."


def _benefit(run: dict[str, Any], row: pd.Series | None) -> Benefit | str:
    """What recall says; a whole sentence where nothing can be said."""
    if run["data"]["simulated"]:
        return "Whether it pays cannot be said here: the users' tastes are simulated, so no benefit is claimed."
    if row is None or np.isnan(row["delta_recall"]):
        return "Its benefit was not measured: its weights are random."
    k, bounds = run["scenario"]["requests"]["k"], interval(row["delta_recall_low"], row["delta_recall_high"])
    change = f", and recall@{k} changes by {difference(row['delta_recall'])} {bounds}"
    if row["delta_recall_low"] > 0:
        return Benefit("buys recall", change)
    if row["delta_recall_high"] < 0:
        return Benefit("does not pay", change)
    return Benefit("does not visibly pay", f"{change}, which is not told from nothing")


def _recovery(run: dict[str, Any], unloaded: pd.DataFrame) -> str:
    """The arm that wins most of the tax back past the fidelity gate, and the one that would without the gate."""
    gate = run["scenario"]["quality"]["fidelity_gate"]
    candidates = unloaded[unloaded["recovered_share"] > 0]
    if not len(candidates):
        return ""
    credited = candidates[candidates["fidelity_at_k"] >= gate].sort_values("recovered_share", ascending=False)
    missed = candidates[candidates["fidelity_at_k"] < gate].sort_values("recovered_share", ascending=False)
    parts = []
    if len(credited):
        best = credited.iloc[0]
        parts.append(f"{best['label']} wins back {_percent(best)} of it at fidelity {quantity(best['fidelity_at_k'])}")
    if len(missed):
        fast = missed.iloc[0]
        loss = f"its fidelity of {quantity(fast['fidelity_at_k'])} misses the gate of {gate:g}"
        parts.append(f"{fast['label']} would win back {_percent(fast)}, but {loss}")
    return "; ".join(parts) + "." if parts else ""  # random weights have no fidelity: nothing is credited


def _row(table: pd.DataFrame, arm: str) -> pd.Series | None:
    rows = table[table["arm"] == arm]
    return rows.iloc[0] if len(rows) else None


def _delta(row: pd.Series, percentile: str) -> str:
    """The difference with its bounds, and those over restarts where they alone hold 0."""
    name = f"delta_{percentile}"
    low, high = row[f"{name}_low_ms"], row[f"{name}_high_ms"]
    bounds = interval(low, high) if np.isfinite([low, high]).all() else "(not bounded by so few independent requests)"
    restarts = row[f"{name}_restarts_low_ms"], row[f"{name}_restarts_high_ms"]
    if percentile == "p50" and not low <= 0 <= high and restarts[0] <= 0 <= restarts[1]:
        bounds += f", {interval(*restarts)} over restarts"
    return f"{quantity(row[f'{name}_ms'])} ms {bounds}"


def _percent(row: pd.Series) -> str:
    return f"{100 * row['recovered_share']:.0f} %"
