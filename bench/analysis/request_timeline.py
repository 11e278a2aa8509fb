"""The stages of stored requests as a Chrome trace, which chrome://tracing and Perfetto show.

Trace Event Format: complete events ("ph": "X") with ts and dur in µs; an arm is a process, a request a thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from bench.analysis.selection import Selection
from bench.analysis.stages import stage_lengths_ns
from bench.errors import ConfigError
from bench.store import StoredRun

NS_PER_US = 1_000


def request_trace(stored: StoredRun, row: int, *, whole_block: bool = False) -> dict[str, Any]:
    """The trace of one request in every arm, or of all requests of its blocks; times count from each block's start.

    row: its place in the trace, as in requests.parquet. Raises ConfigError where the run has no such request.
    """
    requests = stored.requests
    chosen = (requests["row"] == row).to_numpy()
    if not chosen.any():
        raise ConfigError(
            f"{stored.folder}: no request {row}; it has {requests['row'].min()} to {requests['row'].max()}. "
            "Next: a number between these"
        )
    if whole_block:
        blocks = pd.MultiIndex.from_frame(requests.loc[chosen, ["load", "block"]].astype(str))
        chosen = pd.MultiIndex.from_frame(requests[["load", "block"]].astype(str)).isin(blocks)
    places = {arm["name"]: place for place, arm in enumerate(stored.run["arms"])}
    events: list[dict[str, Any]] = []
    for name, place in places.items():
        mine = Selection.where(requests, (requests["arm"] == name) & chosen)
        if len(mine):
            label = next(arm["label"] or name for arm in stored.run["arms"] if arm["name"] == name)
            events.append({"name": "process_name", "ph": "M", "pid": place, "args": {"name": label}})
            events += [event for of_request in _events(mine, place) for event in of_request]
    return {"traceEvents": events, "displayTimeUnit": "ms", "otherData": {"run": stored.run["id"]}}


def _events(rows: Selection, pid: int) -> Iterator[list[dict[str, Any]]]:
    """The events of each request of one arm: the whole, and its stages within it."""
    lengths, intended = stage_lengths_ns(rows), rows["intended_ns"].to_numpy()
    facts = rows.frame("row", "request_kind", "outcome", "load", "block").to_dict("records")
    for place, fact in enumerate(facts):
        tid, at_ns, stages = int(fact["row"]), int(intended[place]), lengths.iloc[place]
        common = {"ph": "X", "pid": pid, "tid": tid}
        args = {key: str(value) for key, value in fact.items()}
        whole = {"name": f"{fact['request_kind']} {tid}", "ts": at_ns / NS_PER_US, "args": args}
        made = [
            {"name": "thread_name", "ph": "M", "pid": pid, "tid": tid, "args": {"name": f"request {tid}"}},
            {**whole, **common, "dur": int(stages.sum()) / NS_PER_US},
        ]
        for stage, length_ns in stages.items():
            if length_ns > 0:
                made.append({"name": stage, "ts": at_ns / NS_PER_US, "dur": int(length_ns) / NS_PER_US, **common})
            at_ns += int(length_ns)
        yield made
