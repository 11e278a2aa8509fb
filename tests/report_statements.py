"""Statements of a run that never happened: seeded, any number of arms, with every awkward value a real run can hold.

The latencies come from a queue (Lindley's recursion) over lognormal service times, so the tables and the pictures look
like those of a real run. There is a skipped arm, a saturated cell, an infinite percentile, an arm with random weights
and percentiles that were not owed.
"""

from __future__ import annotations

import functools
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binom

from bench.analysis.soak import soak_table
from bench.analysis.statements import Finding, Statements, Verdict
from bench.analysis.stats.ratios import judge
from bench.analysis.stats.samples import Interval
from bench.analysis.tax import COLUMNS
from recsys.serving.protocols import STAGES

K = 10
SLO_MS = 100.0
RATES_PER_S = (5.0, 10.0, 20.0)
BLOCKS = 5
SOAK_BLOCKS = 40
FLOOR_REQUESTS = {"p50": 6, "p90": 36, "p95": 72, "p99": 368, "p999": 3688}
LEVELS = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999}


@dataclass(frozen=True)
class Plan:
    """One arm as planned: its service time (ms, median), its recall (NaN = random weights) and where its time goes."""

    name: str
    label: str
    role: str
    placement: str
    encoder: str
    service_ms: float
    recall: float
    model_share: float
    reranker: str = ""


PLANS = (
    Plan("tfidf", "TF-IDF", "baseline", "none", "tfidf", 0.8, 0.0283, 0.35),
    Plan("minilm-fp32", "MiniLM fp32", "reference", "profile", "transformer", 11.0, 0.0316, 0.92),
    Plan("minilm-int8", "MiniLM int8", "", "profile", "onnx", 4.2, 0.0309, 0.8),
    Plan("minilm-int8-cache", "MiniLM int8, cached", "", "items", "onnx", 1.6, 0.0313, 0.5),
    Plan("minilm-offline", "MiniLM offline", "", "offline", "onnx", 0.95, 0.0316, 0.0),
    Plan("word-table", "Word table", "", "profile", "word_table", 1.2, 0.0251, 0.3),
    Plan("bert-base", "BERT-base (random weights)", "", "profile", "transformer", 48.0, np.nan, 0.97),
    Plan("minilm-bf16", "MiniLM bf16", "", "profile", "openvino", 6.0, 0.0315, 0.85),
    Plan("hashing", "Hashing", "", "none", "hashing", 0.7, 0.0214, 0.3),
    Plan("decoder", "Decoder 0.6B", "", "profile", "causal_lm", 150.0, 0.0321, 0.98),
    Plan("minilm-rerank", "MiniLM re-ranks 20", "", "offline", "onnx", 30.0, 0.0337, 0.1, "late_interaction"),
    Plan("bge-small", "BGE small", "", "profile", "onnx", 14.0, 0.0329, 0.93),
)


def build_statements(n_arms: int = 6, label_length: int = 0, *, seed: int = 7, requests: int = 800) -> Statements:
    """Statements of `n_arms` measured arms (1 to 12) and a skipped one; labels padded to `label_length` characters.

    A copy for each caller of what is built once, since many tests want the same.
    """
    return deepcopy(_statements(n_arms, label_length, seed, requests))


@functools.cache
def _statements(n_arms: int, label_length: int, seed: int, requests: int) -> Statements:
    rng = np.random.default_rng(seed)
    plans = [_padded(plan, label_length) for plan in PLANS[:n_arms]]
    frame = pd.concat([_arm_requests(plan, requests, rng) for plan in plans], ignore_index=True)
    summary = pd.DataFrame([_summary_row(plan, point) for plan in plans for point in _points(frame, plan.name)])
    run = _run(plans, len(frame))
    return Statements(
        run=run,
        requests=frame,
        summary=summary,
        stages=_stages(frame),
        quality=_quality(plans),
        tax=_tax(plans, summary),
        soak=soak_table(run, frame),
        answer=_answer(n_arms),
        verdict=Verdict.DEGRADED,
        findings=_findings(),
    )


def build_soak(n_arms: int = 6, label_length: int = 0) -> Statements:
    """The same arms in a soak at the lowest rate; the last of them leaks. A copy of its own, too."""
    return deepcopy(_soak(n_arms, label_length))


@functools.cache
def _soak(n_arms: int, label_length: int) -> Statements:
    plain = build_statements(n_arms, label_length)
    here = (plain.requests["load"] == "server") & (plain.requests["offered_per_s"] == RATES_PER_S[0])
    requests = plain.requests[here].assign(counted=True)
    of_arm = requests.groupby("arm")["row"]
    requests["block"] = of_arm.cumcount() * SOAK_BLOCKS // of_arm.transform("size")
    arms = list(requests["arm"].unique())
    blocks = [
        {"arm": arm, "load": "server", "offered_per_s": RATES_PER_S[0], "block": block, "process": 0, "wall_s": 30.0,
         "collections": 0, "rss_bytes": 3e8 + 5e7 * place + 1e6 * (block % 3) + 8e6 * block * (arm == arms[-1]),
         "open_files": 14 + place, "process_threads": 5}
        for place, arm in enumerate(arms) for block in range(SOAK_BLOCKS)
    ]  # fmt: skip
    run = plain.run | {"scenario": plain.run["scenario"] | {"soak_s": 1800.0}, "blocks": blocks}
    return replace(plain, run=run, requests=requests, soak=soak_table(run, requests))


def _padded(plan: Plan, length: int) -> Plan:
    filler = " with its query prefix and long titles in int8"
    label = (plan.label + filler)[:length].strip() if length > len(plan.label) else plan.label
    return Plan(**{**plan.__dict__, "label": label})


def _arm_requests(plan: Plan, n: int, rng: np.random.Generator) -> pd.DataFrame:
    parts = [_load_requests(plan, ("single_stream", "single_stream", np.nan), n, rng)]
    parts += [_load_requests(plan, ("server", "server", rate), n, rng) for rate in RATES_PER_S]
    parts.append(_load_requests(plan, ("offline", "offline", np.nan), n, rng))
    return pd.concat(parts, ignore_index=True)


def _load_requests(plan: Plan, point: tuple[str, str, float], n: int, rng: np.random.Generator) -> pd.DataFrame:
    load, kind, rate = point
    service_ns = (plan.service_ms * 1e6 * rng.lognormal(0, 0.22, n)).astype(np.int64)
    slow = rng.random(n) < 0.012
    service_ns[slow] *= 3
    if kind == "server":
        intended_ns = np.cumsum(rng.gamma(1 / 9, 9 / rate, n) * 1e9).astype(np.int64)
    else:
        intended_ns = np.zeros(n, np.int64) if kind == "offline" else np.cumsum(service_ns) - service_ns
    taken_ns = _taken(intended_ns, service_ns)
    data: dict[str, Any] = {
        "arm": plan.name, "load": load, "load_kind": kind, "arrivals": "gamma" if kind == "server" else "",
        "offered_per_s": rate, "block": np.arange(n) * BLOCKS // n, "process": np.arange(n) * 2 // n,
        "row": np.arange(n), "request_kind": np.where(rng.random(n) < 0.04, "feedback", "recommend"),
        "intended_ns": intended_ns, "taken_ns": taken_ns, "observed_ns": taken_ns + service_ns,
    }  # fmt: skip
    data |= _marks(plan, taken_ns, service_ns)
    late = plan.name == "minilm-bf16" and rate == RATES_PER_S[-1]
    data["outcome"] = np.where(rng.random(n) < (0.03 if late else 0.0), "timed_out", "answered")
    data["counted"] = np.arange(n) % (n // BLOCKS) >= 5
    return pd.DataFrame(data)


def _taken(intended_ns: np.ndarray, service_ns: np.ndarray) -> np.ndarray:
    """When a single server takes each request: not before it is due, nor before the one ahead is done."""
    ends = np.cumsum(service_ns)
    starts = np.maximum.accumulate(intended_ns - (ends - service_ns))
    return starts + ends - service_ns


def _marks(plan: Plan, taken_ns: np.ndarray, service_ns: np.ndarray) -> dict[str, np.ndarray]:
    rest = 1 - plan.model_share
    shares = {"clean": 0.04 * rest, "profile": 0.16 * rest, "prepare": 0.1 * plan.model_share,
              "encode": 0.9 * plan.model_share, "retrieve": 0.45 * rest, "rank": 0.25 * rest}  # fmt: skip
    if plan.reranker:
        shares = {"clean": 0.01, "profile": 0.03, "retrieve": 0.08, "rank": 0.03, "rerank": 0.83}
    done, marks = 0.0, {}
    for stage in STAGES:
        done += shares.get(stage, 0.0)
        end = service_ns if stage == STAGES[-1] else (service_ns * done).astype(np.int64)
        marks[f"mark_{stage}_ns"] = taken_ns + end
    return marks


def _points(frame: pd.DataFrame, arm: str) -> list[pd.DataFrame]:
    keys = ["load", "offered_per_s", "request_kind"]
    return [group for _, group in frame[frame["arm"] == arm].groupby(keys, dropna=False, sort=False)]


def latencies_ms(group: pd.DataFrame) -> np.ndarray:
    """Response times of the counted requests in ms, +inf where there was no answer; sorted."""
    counted = group[group["counted"]]
    ms = (counted["observed_ns"] - counted["intended_ns"]).to_numpy() / 1e6
    return np.sort(np.where(counted["outcome"] == "answered", ms, np.inf))


def _summary_row(plan: Plan, group: pd.DataFrame) -> dict[str, Any]:
    head, ms = group.iloc[0], latencies_ms(group)
    lost = int(np.isinf(ms).sum())
    rate, kind = head["offered_per_s"], head["load_kind"]
    capacity = 1e3 / plan.service_ms
    saturated = bool(kind == "server" and rate > 0.9 * capacity)
    row: dict[str, Any] = {
        "arm": plan.name, "label": plan.label, "role": plan.role, "device": "cpu", "placement": plan.placement,
        "encoder": plan.encoder, "load": head["load"], "load_kind": kind, "arrivals": head["arrivals"],
        "offered_per_s": rate, "request_kind": head["request_kind"], "requests": len(ms), "failed": 0,
        "achieved_per_s": min(rate, 0.9 * capacity) if kind == "server" else capacity, "refused": 0,
        "timed_out": lost, "dropped": lost, "saturated": saturated, "verdict": "VALID",
    }  # fmt: skip
    if kind != "offline":
        row |= _percentiles(ms)
        row["service_p50_ms"] = float(((group["observed_ns"] - group["taken_ns"]) / 1e6).median())
        row["within_slo"] = float((ms <= SLO_MS).mean())
    recommend = head["request_kind"] == "recommend"
    row |= {"recall_at_k": plan.recall if recommend else np.nan, "recall_at_k_low": plan.recall - 0.002,
            "recall_at_k_high": plan.recall + 0.002, "ndcg_at_k": plan.recall * 0.6 if recommend else np.nan,
            "fidelity_at_k": _fidelity(plan), "tokens_per_request": 0.0 if plan.placement == "none" else 38.4,
            "cpu_s_per_1k": plan.service_ms * 1.6, "spin_s_per_1k": 0.2, "load_s": 1.0 + plan.service_ms / 20,
            "rss_peak_mb": 140 + 9 * plan.service_ms, "cache_hit_ratio": 0.81 if "cache" in plan.name else np.nan,
            **_hits(plan)}  # fmt: skip
    return row


def _hits(plan: Plan) -> dict[str, float]:
    cached = 1.0 if "cache" in plan.name else np.nan
    return {"hit_p50_ms": 1.1 * cached, "hit_p99_ms": 2.3 * cached, "miss_p50_ms": 4.4 * cached,
            "miss_p99_ms": 9.8 * cached}  # fmt: skip


def _fidelity(plan: Plan) -> float:
    if not np.isfinite(plan.recall) or plan.placement == "none":
        return np.nan
    return {"reference": 1.0}.get(plan.role, 0.93 if "int8" in plan.name else 0.995)


def _percentiles(ms: np.ndarray) -> dict[str, float]:
    n, out = len(ms), {"mean_ms": float(ms[np.isfinite(ms)].mean()), "max_ms": float(ms[np.isfinite(ms)].max())}
    for name, p in LEVELS.items():
        owed = n >= FLOOR_REQUESTS[name]
        for suffix, rank in zip(("_low_ms", "_ms", "_high_ms"), _ranks(n, p), strict=True):
            out[name + suffix] = float(ms[min(max(rank, 1), n) - 1]) if owed else np.nan
    return out


@functools.cache
def _ranks(n: int, p: float) -> tuple[int, int, int]:
    """The p-quantile among n sorted values, between the ends of its interval."""
    return int(binom.ppf(0.025, n, p)), int(np.ceil(n * p)), int(binom.ppf(0.975, n, p)) + 1


def _stages(frame: pd.DataFrame) -> pd.DataFrame:
    rows = []
    kept = frame[frame["counted"] & (frame["outcome"] == "answered") & (frame["load_kind"] != "offline")]
    keys = ["arm", "load", "offered_per_s", "request_kind"]
    for key, group in kept.groupby(keys, dropna=False, sort=False):
        ordered = group.iloc[np.argsort((group["observed_ns"] - group["intended_ns"]).to_numpy())]
        for around, level in (("p50", 0.5), ("p99", 0.99), ("mean", None)):
            n, half = len(ordered), max(2, len(ordered) // 200)
            centre = 0 if level is None else int(n * level)
            window = ordered if level is None else ordered.iloc[max(0, centre - half) : centre + half]
            edges_ns = window[["intended_ns", "taken_ns", *(f"mark_{stage}_ns" for stage in STAGES)]].to_numpy()
            for stage, ns in zip(("queue", *STAGES), np.diff(edges_ns).mean(axis=0), strict=True):
                row = (*key, around, stage, float(ns / 1e6))
                rows.append(dict(zip([*keys, "around", "stage", "ms"], row, strict=True)))
    return pd.DataFrame(rows)


def _quality(plans: list[Plan]) -> pd.DataFrame:
    rows = []
    floors = {"random": ("Random", 0.001), "popularity": ("Popularity", 0.0112),
              "recent_popularity": ("Recent popularity", 0.036), "tfidf_floor": ("TF-IDF floor", 0.0283)}  # fmt: skip
    values = [(plan.name, plan.label, False, plan.recall) for plan in plans if np.isfinite(plan.recall)]
    values += [(floor, label, True, value) for floor, (label, value) in floors.items()]
    for arm, label, is_floor, value in values:
        for metric, factor in (("recall", 1.0), ("ndcg", 0.6)):
            point = value * factor
            row = (arm, label, is_floor, "all", metric, K, point, max(0.0, point - 0.002), point + 0.002)
            rows.append(dict(zip(["arm", "label", "is_floor", "group", "metric", "k", "value", "low", "high"], row,
                                 strict=True)))  # fmt: skip
    return pd.DataFrame(rows)


def _tax(plans: list[Plan], summary: pd.DataFrame) -> pd.DataFrame:
    rows = []
    timed = summary[(summary["request_kind"] == "recommend") & (summary["load_kind"] != "offline")]
    keys = ["load", "load_kind", "offered_per_s"]
    for key, group in timed.groupby(keys, dropna=False, sort=False):
        base = group[group["role"] == "baseline"].iloc[0]
        full = group[group["role"] == "reference"]["p50_ms"].sum() - base["p50_ms"]
        for row in group[group["role"] != "baseline"].to_dict("records"):
            rows.append(dict(zip(keys, key, strict=True)) | _tax_row(row, base, full))
    return pd.DataFrame(rows, columns=COLUMNS)


def _tax_row(row: dict[str, Any], base: pd.Series, full: float) -> dict[str, Any]:
    p50, p99 = row["p50_ms"] - base["p50_ms"], row["p99_ms"] - base["p99_ms"]
    recall = row["recall_at_k"] - base["recall_at_k"]
    times = {name: row[f"{name}_ms"] / base[f"{name}_ms"] for name in ("p50", "p99")}
    half_p50, half_p99 = 0.1 + 0.05 * abs(p50), 0.3 + 0.2 * abs(p99) if np.isfinite(p99) else 0.0
    return {"arm": row["arm"], "label": row["label"], "delta_p50_ms": p50, "delta_p50_low_ms": p50 - half_p50,
            "delta_p50_high_ms": p50 + half_p50, "delta_p99_ms": p99, "delta_p99_low_ms": p99 - half_p99,
            "delta_p99_high_ms": p99 + half_p99, "delta_cpu_s_per_1k": row["cpu_s_per_1k"] - base["cpu_s_per_1k"],
            "delta_recall": recall, "delta_recall_low": recall - 0.0015, "delta_recall_high": recall + 0.0015,
            "recovered_share": 1 - p50 / full if row["arm"].startswith("minilm") and not row["role"] else np.nan,
            "fidelity_at_k": row["fidelity_at_k"], "resolvable": abs(p50) > half_p50,
            "saturated": row["saturated"], **_ratios(times)}  # fmt: skip


def _ratios(times: dict[str, float]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for (name, ratio), reach in zip(times.items(), (1.04, 1.2), strict=True):
        between = Interval(ratio / reach, ratio, ratio * reach)
        columns |= {f"ratio_{name}": ratio, f"ratio_{name}_low": between.low, f"ratio_{name}_high": between.high,
                    f"ratio_{name}_verdict": judge(ratio, [between]).value}  # fmt: skip
    return columns


def _answer(n_arms: int) -> str:
    if n_arms < 2:
        return "TF-IDF answers in 0.8 ms at p50; the run holds no other arm, so it says nothing about a model's cost."
    return (
        "MiniLM fp32 in the request path adds 10.3 ms [9.8, 10.9] at p50 and 26 ms [21, 33] at p99 to a 0.8 ms "
        "recommender; cached int8 wins back 92 % of it at fidelity 0.93. Tastes are simulated: no benefit is claimed."
    )


def _findings() -> tuple[Finding, ...]:
    return (
        Finding("steal", Verdict.DEGRADED, "machine", "the hypervisor took 2.1 % of the CPU time",
                "repeat on a machine that is not shared"),
        Finding("too_few_requests", Verdict.VALID, "server at 20/s", "p99.9 was not owed: 800 requests, 3,688 needed",
                "raise requests to 3688 to read p99.9"),
    )  # fmt: skip


def _run(plans: list[Plan], n_events: int) -> dict[str, Any]:
    arms = [{"name": plan.name, "label": plan.label, "role": plan.role, "status": "measured", "reason": "",
             "device": "cpu", "placement": plan.placement, "encoder": plan.encoder, "precision": "fp32",
             "info": {"has_model": plan.placement != "none", "real_weights": bool(np.isfinite(plan.recall)),
                      "dim": 384, "weights_bytes": 0 if plan.placement == "none" else 90_000_000},
             "reranker": {"kind": plan.reranker, "real_weights": True} if plan.reranker else {}}
            for plan in plans]  # fmt: skip
    arms.append({"name": "minilm-cuda", "label": "MiniLM fp16 on a GPU", "role": "", "status": "skipped",
                 "reason": "this machine has no device cuda:0", "device": "cuda:0", "placement": "profile",
                 "encoder": "transformer", "precision": "fp16", "info": {}})  # fmt: skip
    warnings = ["3 of 620 items have no title"]
    text = 'name = "synthetic"\nquestion = "What does a model cost?"\n# <script>alert(1)</script> stays text\n'
    return {
        "schema_version": 1, "id": "20260101T000000Z_synthetic_abcdef", "status": "complete",
        "started_utc": "2026-01-01T00:00:00Z", "ended_utc": "2026-01-01T00:04:10Z",
        "command": "llm-rec-bench run scenarios/synthetic.toml",
        "scenario": {"name": "synthetic", "question": "What does a language model cost a news front page?",
                     "slo": {"p99_ms": SLO_MS}, "requests": {"k": K},
                     "load": [{"kind": "single_stream"}, {"kind": "server"}, {"kind": "offline"}],
                     "arm": [{"name": arm["name"]} for arm in arms], "blocks": {"count": BLOCKS, "processes": 2},
                     "quality": {"fidelity_gate": 0.95}},
        "scenario_text": text, "overrides": ["requests.history=20"], "scenario_hash": "abcdef0123456789",
        "environment": {"machine": {"system": "Linux", "kernel": "6.1", "host_hash": "9f2c"},
                        "cpu": {"model": "AMD EPYC 9B14", "cores": 2, "flags": ["avx2", "avx512f", "avx512_vnni"],
                                "governor": None},
                        "memory": {"total_bytes": 16_000_000_000}, "python": {"version": "3.11.9"},
                        "libraries": {"numpy": "2.4.6", "torch": "2.13.0"}, "threads": {"torch": 2, "onnxruntime": 2},
                        "clock": {"name": "CLOCK_MONOTONIC", "resolution_ns": 1, "mark_ns": 71.0},
                        "git": {"commit": "0123abc", "dirty": False}},
        "data": {"name": "embedded", "sha256": "d" * 64, "simulated": True, "licence": "Apache-2.0", "items": 620,
                 "users": 400, "events": n_events, "warnings": warnings},
        "arms": arms, "blocks": _blocks(plans), "warnings": warnings,
    }  # fmt: skip


def _blocks(plans: list[Plan]) -> list[dict[str, Any]]:
    """Block entries; the first arm's second was disturbed by all that can be."""
    calm = {"wall_s": 8.0, "collections": 0, "throttled_s": 0.0, "steal_s": 0.0}
    disturbed = {"collections": 1, "throttled_s": 0.4, "steal_s": 0.3}
    points = [("single_stream", None), *(("server", rate) for rate in RATES_PER_S)]
    return [
        {"arm": plan.name, "load": load, "offered_per_s": rate, "block": block, "process": block % 2, **calm}
        | (disturbed if (block, plan.name) == (1, plans[0].name) else {})
        for plan in plans for load, rate in points for block in range(BLOCKS)
    ]  # fmt: skip
