"""Why a stored request was answered as it was: the arm is built again, brought to that moment, and asked once more."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.analysis.explained import ExplainedRequest
from bench.clock import MonotonicClock
from bench.errors import ConfigError, NotReproduced
from bench.measure.arm import build_arm
from bench.measure.noise import noisy_trace
from bench.measure.slices import Slice, cut_slices
from bench.scenario import ArmTable, Scenario
from bench.store import StoredRun
from bench.stored_scenario import stored_scenario
from bench.traffic.requests import draw_trace
from bench.traffic.trace import Trace
from recsys.data.loading import load_dataset
from recsys.errors import did_you_mean
from recsys.explain import explain
from recsys.explanation import Explanation
from recsys.pipeline import Recommender
from recsys.types import Request, RequestKind

if TYPE_CHECKING:
    import pandas as pd

SUM_TOLERANCE = 1e-4
"""Sums of float32 in another order differ by less, relatively or, near 0, absolutely."""


def explain_request(
    stored: StoredRun, row: int, arm: str | None, data_dirs: Sequence[Path], say: Callable[[str], None]
) -> ExplainedRequest:
    """Explain the list that an arm (the reference where none is named) answered a request with.

    row: the request's place in the trace, as in requests.parquet. Raises ConfigError for what the run has no list of
    and for data that are not those of the run, RecsysError where the arm cannot be built here, NotReproduced when it
    now answers otherwise.
    """
    scenario = stored_scenario(stored)
    table = _arm(stored, scenario, arm)
    answered = _answered(stored, table.name, row)
    part = next(part for part in cut_slices(scenario)[1] if part.low <= row < part.high)
    trace = noisy_trace(scenario, table, _trace(stored, scenario, data_dirs))
    say(f"{table.title}: loading the model, encoding {len(trace.dataset.items)} items")
    recommender = build_arm(scenario, table, trace.dataset, MonotonicClock()).recommender
    say(f"serving the {row - part.low} requests before it")
    request = _bring_to(recommender, trace, part, row)
    explanation = explain(recommender, request)
    shown = [item.item_id for item in explanation.items]
    _check_same(list(answered["recommended"]), shown, recommender, table)
    if table.reranking is None:
        _check_sums(explanation, table)
    return ExplainedRequest(
        run=stored.run["id"],
        arm=table.name,
        label=table.title,
        row=row,
        user=str(answered["user"]),
        load=part.point.title if part.point else "",
        timestamp_s=request.timestamp_s,
        reranking=table.reranking.kind if table.reranking else "",
        explanation=explanation,
    )


def _arm(stored: StoredRun, scenario: Scenario, name: str | None) -> ArmTable:
    """The arm of this name, or the reference, or the first that was measured."""
    status = {arm["name"]: arm for arm in stored.run["arms"]}
    measured = [arm for arm in scenario.arm if status[arm.name]["status"] == "measured"]
    if name is None:
        return next((arm for arm in measured if arm.role == "reference"), measured[0])
    found = next((arm for arm in measured if arm.name == name), None)
    if found is None:
        known = ", ".join(arm.name for arm in measured)
        why = f"was {status[name]['status']} ({status[name]['reason']})" if name in status else "is unknown"
        close = did_you_mean(name, status) if name not in status else ""
        raise ConfigError(f'{stored.folder}: arm "{name}" {why}{close}. Measured: {known}. Next: name one of these')
    return found


def _answered(stored: StoredRun, arm: str, row: int) -> pd.Series:
    """The row of the request in requests.parquet. Raises ConfigError where it holds no list."""
    rows = stored.requests[stored.requests["arm"] == arm]
    found = rows[rows["row"] == row]
    if found.empty:
        raise ConfigError(
            f"{stored.folder}: arm {arm} has no request {row}; it has {rows['row'].min()} to {rows['row'].max()}. "
            "Next: a number between these"
        )
    request = found.iloc[0]
    if request["request_kind"] != "recommend":
        lists = rows["row"][rows["request_kind"] == "recommend"]
        nearest = int(lists.iloc[(lists - row).abs().argmin()]) if len(lists) else row
        raise ConfigError(
            f"{stored.folder}: request {row} is {request['request_kind']}, which recommends nothing. "
            f"Next: a request for a list, such as {nearest}"
        )
    if request["outcome"] != "answered":
        raise ConfigError(
            f"{stored.folder}: arm {arm} did not answer request {row}: {request['outcome']}. Next: another request"
        )
    return request


def _trace(stored: StoredRun, scenario: Scenario, data_dirs: Sequence[Path]) -> Trace:
    """The requests of the run, drawn anew. Raises ConfigError when data or requests are others by now."""
    dataset = load_dataset(scenario.data.kind, data_dirs=data_dirs, **scenario.data.options)
    there, recorded = dataset.sha256, stored.run["data"]["sha256"]
    if there != recorded:
        raise ConfigError(
            f"data {dataset.name}: sha256 {there[:12]} here, but the run {stored.run['id']} was made on "
            f"{recorded[:12]}. Next: place the data of the run, see --data-dir"
        )
    trace = draw_trace(scenario, dataset, cut_slices(scenario)[1][-1].high, data_dirs)
    if trace.sha256 != stored.run["trace_sha256"]:
        raise ConfigError(
            f"{stored.folder}: its requests are drawn otherwise by now (sha256 {trace.sha256[:12]} here, "
            f"{stored.run['trace_sha256'][:12]} there). Next: use the version that wrote it, or its file of requests"
        )
    return trace


def _bring_to(recommender: Recommender, trace: Trace, part: Slice, row: int) -> Request:
    """The request, the recommender as it was before it: rewound to its slice, and all requests before it served.

    Lists too: a ranker that learns from feedback has to know what was shown.
    """
    requests = trace.requests(part.low, part.high)
    recommender.rewind(requests[0].timestamp_s)
    for request in requests[: row - part.low]:
        if request.kind is RequestKind.RECOMMEND:
            recommender.recommend([request])
        elif request.kind is RequestKind.INGEST:
            recommender.ingest([request])
        else:
            recommender.update(request)
    return requests[row - part.low]


def _check_same(stored: Sequence[str], rebuilt: Sequence[str], recommender: Recommender, arm: ArmTable) -> None:
    """Raises NotReproduced, which says from where on the lists differ."""
    if list(stored) == list(rebuilt):
        return
    pairs = zip(stored, rebuilt, strict=False)
    place = next((place for place, (old, new) in enumerate(pairs) if old != new), min(len(stored), len(rebuilt)))
    tolerance = recommender.parts.encoder.info.batch_tolerance
    batched = f" Vectors of this arm depend on what they are batched with (1 − cosine up to {tolerance:g})."
    raise NotReproduced(
        f"arm {arm.name}: the list rebuilt here is not the stored one from place {place + 1} on: stored "
        f"{', '.join(stored[place:])}; rebuilt {', '.join(rebuilt[place:])}."
        f"{batched if tolerance > 0 else ''} Next: another request, an exact arm, or the machine that made the run"
    )


def _check_sums(explanation: Explanation, arm: ArmTable) -> None:
    """Raises NotReproduced for a score that is not what its parts add up to."""
    for item in explanation.items:
        if not math.isclose(item.ranked, item.score, rel_tol=SUM_TOLERANCE, abs_tol=SUM_TOLERANCE):
            raise NotReproduced(
                f"arm {arm.name}: the parts of item {item.item_id} add up to {item.ranked:.6g}, but its score is "
                f'{item.score:.6g}. Next: mend `explain` of ranking "{arm.ranking.kind}"'
            )
