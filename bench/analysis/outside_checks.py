"""Results from elsewhere that a run should show too: one class a check, each of which says so where it cannot tell.

C1 and C2 after RecBench (arXiv 2503.05493) and the Model2Vec tables, C3 after RecBench, C4 after sentence-transformers'
measurements of quantised vectors, C5 after HLLM's table of encoder sizes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any, ClassVar, Protocol

import numpy as np
import pandas as pd

from bench.analysis.roles import holder
from bench.analysis.statements import Outcome, OutsideCheck
from bench.quantities import interval, quantity

Arm = dict[str, Any]
Judged = tuple[Outcome, str]

TRANSFORMERS = frozenset({"transformer", "onnx", "openvino"})
"""Kinds of encoders that run a model of BERT's family."""


@dataclass(frozen=True)
class Evidence:
    """What the checks look at. run: run.json; summary: one row a cell; tax: differences to the baseline."""

    run: dict[str, Any]
    summary: pd.DataFrame
    tax: pd.DataFrame

    @property
    def arms(self) -> list[Arm]:
        """The measured arms, each with its table of the scenario as `table` and its encoder's info, where known.

        Without those that re-rank: the claims are of encoders, and a second model would pass for the first one's cost.
        """
        scenario = self.run["scenario"].get("arm", ())
        tables = {table["name"]: table for table in scenario if not table.get("reranking")}
        measured = [arm for arm in self.run["arms"] if arm["status"] == "measured" and arm["name"] in tables]
        return [arm | {"table": tables[arm["name"]], "info": arm.get("info") or {}} for arm in measured]

    def values(self, arm: Arm, column: str, load_kind: str) -> pd.Series:
        """A column of an arm's lists at the loads of this kind, without cells that are empty or saturated."""
        rows = self.summary[(self.summary["arm"] == arm["name"]) & (self.summary["load_kind"] == load_kind)]
        rows = rows[(rows["request_kind"] == "recommend") & ~rows["saturated"].astype(bool)]
        return rows[column].dropna() if column in rows else pd.Series(dtype=float)

    def first(self, arm: Arm, column: str, load_kind: str = "single_stream") -> float:
        """The first of these values, NaN where there is none."""
        found = self.values(arm, column, load_kind)
        return float(found.iloc[0]) if len(found) else float("nan")


class Check(Protocol):
    """A check that looks at a whole run."""

    NAME: ClassVar[str]
    CLAIM: ClassVar[str]

    @staticmethod
    def judge(evidence: Evidence) -> Judged:
        """The outcome, and what was seen or is missing."""


class ThroughputOrder:
    """C1: the larger the encoder, the fewer requests a second, on the CPU, in fp32, without a cache or batches."""

    NAME: ClassVar[str] = "C1"
    CLAIM: ClassVar[str] = "throughput falls from TF-IDF over a word table, MiniLM and BERT-base to a decoder"
    RUNGS: ClassVar[tuple[str, ...]] = ("TF-IDF", "word table", "MiniLM", "BERT-base", "decoder")
    MARGIN: ClassVar[float] = 0.05
    """Throughputs closer than this are not told apart: they have no interval."""

    @classmethod
    def judge(cls, evidence: Evidence) -> Judged:
        """Over the rungs that were measured offline on the CPU, two at least."""
        found: dict[str, float] = {}
        for arm in evidence.arms:
            per_s = evidence.first(arm, "achieved_per_s", "offline")
            rung = cls._rung(arm)
            if rung and np.isfinite(per_s):
                found.setdefault(rung, per_s)
        rungs = [rung for rung in cls.RUNGS if rung in found]
        if len(rungs) < 2:
            missing = ", ".join(rung for rung in cls.RUNGS if rung not in found)
            return Outcome.NOT_TESTABLE, f"no offline throughput in fp32 on the CPU of {missing}"
        absent = [rung for rung in cls.RUNGS if rung not in found]
        seen = ", ".join(f"{rung} {quantity(found[rung], '/s')}" for rung in rungs)
        seen += f"; not in this run: {', '.join(absent)}" if absent else ""
        growth = [found[larger] / found[smaller] for smaller, larger in pairwise(rungs)]
        if max(growth) >= 1 + cls.MARGIN:
            return Outcome.FAIL, seen
        if max(growth) > 1 - cls.MARGIN:
            return Outcome.NOT_TESTABLE, f"two are too close to tell their order: {seen}"
        return Outcome.PASS, seen

    @staticmethod
    def _rung(arm: Arm) -> str:
        """The arm's rung, "" for one that is measured under other conditions."""
        table, kind = arm["table"], arm["table"]["encoder"]["kind"]
        plain = not table.get("cache") and table.get("serving", {}).get("kind", "direct") == "direct"
        if arm["device"] != "cpu" or arm["info"].get("precision", "fp32") != "fp32" or not plain:
            return ""
        if arm["placement"] != ("none" if kind == "tfidf" else "profile"):
            return ""
        if kind in TRANSFORMERS:
            model = str(table["encoder"].get("model", "minilm")).lower()
            return "MiniLM" if "minilm" in model else "BERT-base" if "bert-base" in model else ""
        return {"tfidf": "TF-IDF", "word_table": "word table", "causal_lm": "decoder"}.get(kind, "")


class TinyNetworkOnGpu:
    """C2: for one request, handing a tiny network to a GPU costs more than it saves."""

    NAME: ClassVar[str] = "C2"
    CLAIM: ClassVar[str] = "a tiny network is not faster on a GPU for one request at a time"

    @classmethod
    def judge(cls, evidence: Evidence) -> Judged:
        """Over pairs of arms that differ in their device alone."""
        pairs = [pair for pair in combinations(evidence.arms, 2) if cls._is_pair(*pair)]
        seen, faster = [], False
        for pair in pairs:
            cpu, gpu = sorted(pair, key=lambda arm: arm["device"] != "cpu")
            cpu_ms, gpu_ms = evidence.first(cpu, "p50_ms"), evidence.first(gpu, "p50_ms")
            if np.isfinite([cpu_ms, gpu_ms]).all():
                seen.append(f"{gpu['label']} {quantity(gpu_ms, 'ms')} at p50, on the CPU {quantity(cpu_ms, 'ms')}")
                faster |= evidence.first(gpu, "p50_high_ms") < evidence.first(cpu, "p50_low_ms")
        if not seen:
            return Outcome.NOT_TESTABLE, "no two arms with one tiny network, on the CPU and on a GPU, in single stream"
        return (Outcome.FAIL if faster else Outcome.PASS), "; ".join(seen)

    @staticmethod
    def _is_pair(one: Arm, other: Arm) -> bool:
        on_gpu = [str(arm["device"]).startswith("cuda") for arm in (one, other)]
        own = {"name", "label", "role", "device"}
        tables = [{key: value for key, value in arm["table"].items() if key not in own} for arm in (one, other)]
        encoder = one["table"]["encoder"]
        is_tiny = encoder["kind"] == "bilstm" or "tiny" in str(encoder.get("model", ""))
        return is_tiny and sorted(on_gpu) == [False, True] and tables[0] == tables[1]


class OfflineCost:
    """C3: vectors that are looked up cost a request next to nothing."""

    NAME: ClassVar[str] = "C3"
    CLAIM: ClassVar[str] = "the placement offline adds under 20 % to the baseline's p50"
    SHARE: ClassVar[float] = 0.2

    @classmethod
    def judge(cls, evidence: Evidence) -> Judged:
        """Over all offline arms with exact search, in single stream; an interval that holds 20 % tells neither."""
        baseline = holder(evidence.run, "baseline")
        base_ms = evidence.first(baseline, "p50_ms") if baseline else np.nan
        tax = evidence.tax[evidence.tax["load_kind"] == "single_stream"].set_index("arm")
        seen, bounds = [], []
        for arm in evidence.arms:
            is_offline = arm["placement"] == "offline" and not arm["table"].get("index")
            if not is_offline or arm["name"] not in tax.index or not base_ms > 0:
                continue
            row = tax.loc[[arm["name"]]].iloc[0]
            low, point, high = (row[f"delta_p50_{bound}ms"] / base_ms for bound in ("low_", "", "high_"))
            if np.isfinite([low, point, high]).all():
                seen.append(f"{arm['label']} {quantity(100 * point, '%')} {interval(100 * low, 100 * high)}")
                bounds.append((low, high))
        if not seen:
            return Outcome.NOT_TESTABLE, "no baseline beside an arm with the placement offline, in single stream"
        if any(low >= cls.SHARE for low, _ in bounds):
            return Outcome.FAIL, "; ".join(seen)
        if any(high >= cls.SHARE for _, high in bounds):
            return Outcome.NOT_TESTABLE, f"too few requests to tell: {'; '.join(seen)}"
        return Outcome.PASS, "; ".join(seen)


class Int8Fidelity:
    """C4: eight bits are enough, for a model's weights and for the vectors of an index."""

    NAME: ClassVar[str] = "C4"
    CLAIM: ClassVar[str] = "fidelity@20 of int8 is 0.97 at least"
    K: ClassVar[int] = 20
    LOWEST: ClassVar[float] = 0.97

    @classmethod
    def judge(cls, evidence: Evidence) -> Judged:
        """Over all int8 arms; the mean of an arm's loads."""
        k = evidence.run["scenario"]["requests"]["k"]
        if k != cls.K:
            return Outcome.NOT_TESTABLE, f"lists have {k} items. Next: --set requests.k={cls.K}"
        loads = evidence.summary["load_kind"].unique()
        seen, lowest = [], np.inf
        for arm in evidence.arms:
            parts = [evidence.values(arm, "fidelity_at_k", load) for load in loads]
            values = pd.concat(parts) if parts else pd.Series(dtype=float)
            if cls._is_int8(arm) and len(values):
                seen.append(f"{arm['label']} {quantity(float(values.mean()))}")
                lowest = min(lowest, float(values.mean()))
        if not seen:
            return Outcome.NOT_TESTABLE, "no arm in int8 whose fidelity was measured"
        return (Outcome.PASS if lowest >= cls.LOWEST else Outcome.FAIL), "; ".join(seen)

    @staticmethod
    def _is_int8(arm: Arm) -> bool:
        index = arm["table"].get("index") or {}
        return arm["info"].get("precision") == "int8" or (
            index.get("kind") == "quantised" and index.get("precision", "int8") == "int8"
        )


class DiminishingReturns:
    """C5: the step to the largest encoder buys a quarter, at most, of what the first step up bought."""

    NAME: ClassVar[str] = "C5"
    CLAIM: ClassVar[str] = "the larger the encoders, the less recall a larger one adds"
    SHARE: ClassVar[float] = 0.25

    @classmethod
    def judge(cls, evidence: Evidence) -> Judged:
        """Over fp32 encoders with real weights of three sizes, in one placement, on recorded tastes."""
        if evidence.run["data"]["simulated"]:
            return Outcome.NOT_TESTABLE, "tastes are simulated"
        by_size = cls._by_size(evidence)
        if len(by_size) < 3:
            return Outcome.NOT_TESTABLE, f"real weights of {len(by_size)} sizes with a recall, of three that are needed"
        smallest, middle, before, largest = by_size[0], by_size[len(by_size) // 2], by_size[-2], by_size[-1]
        seen = ", ".join(f"{arm['label']} {quantity(evidence.first(arm, 'recall_at_k'))}" for arm in by_size)
        if evidence.first(smallest, "recall_at_k_high") >= evidence.first(middle, "recall_at_k_low"):
            return Outcome.NOT_TESTABLE, f"the first step up is not told from nothing: {seen}"
        first, last = (
            evidence.first(larger, "recall_at_k") - evidence.first(smaller, "recall_at_k")
            for smaller, larger in ((smallest, middle), (before, largest))
        )
        return (Outcome.PASS if last <= cls.SHARE * first else Outcome.FAIL), seen

    @staticmethod
    def _by_size(evidence: Evidence) -> list[Arm]:
        """One arm a size, the smallest first, all in the placement that has most sizes."""
        sizes: dict[str, dict[int, Arm]] = {}
        for arm in evidence.arms:
            info = arm["info"]
            fits = arm["table"]["encoder"]["kind"] in TRANSFORMERS | {"causal_lm"} and info.get("precision") == "fp32"
            if fits and info.get("real_weights") and np.isfinite(evidence.first(arm, "recall_at_k")):
                sizes.setdefault(arm["placement"], {}).setdefault(info.get("weights_bytes", 0), arm)
        most = max(sizes.values(), key=len, default={})
        return [most[size] for size in sorted(most)]


CHECKS: tuple[type[Check], ...] = (ThroughputOrder, TinyNetworkOnGpu, OfflineCost, Int8Fidelity, DiminishingReturns)


def outside_checks(run: dict[str, Any], summary: pd.DataFrame, tax: pd.DataFrame) -> tuple[OutsideCheck, ...]:
    """All checks, in order, whatever became of them: a failed one is printed, never hidden."""
    evidence = Evidence(run, summary, tax)
    judged = [(check, *check.judge(evidence)) for check in CHECKS]
    return tuple(OutsideCheck(check.NAME, check.CLAIM, outcome, message) for check, outcome, message in judged)
