"""One cell of the summary: the requests of one kind that one arm served at one load point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bench.analysis.stats.hierarchy import Nested

NS_PER_MS = 1e6
CELL_KEYS = ["arm", "load", "offered_per_s", "request_kind"]


@dataclass(frozen=True)
class Cell:
    """served: all its rows of requests.parquet; rows: those that count; blocks: their entries in run.json.

    load_kind: "single_stream", "server", …; offered_per_s: nan where the load has no rate.
    """

    run: dict[str, Any]
    arm: dict[str, Any]
    load: str
    load_kind: str
    arrivals: str
    offered_per_s: float
    request_kind: str
    served: pd.DataFrame
    rows: pd.DataFrame
    blocks: tuple[dict[str, Any], ...]

    @cached_property
    def answered(self) -> npt.NDArray[np.bool_]:
        """Whether each counted request was answered."""
        return (self.rows["outcome"] == "answered").to_numpy()

    @cached_property
    def response_ms(self) -> npt.NDArray[np.float64]:
        """Observed − intended of the counted requests; inf where there was no answer."""
        response_ns = (self.rows["observed_ns"] - self.rows["intended_ns"]).to_numpy(np.float64)
        return np.where(self.answered, response_ns / NS_PER_MS, np.inf)

    @cached_property
    def service_ms(self) -> npt.NDArray[np.float64]:
        """Observed − taken of the counted and answered requests."""
        service_ns = (self.rows["observed_ns"] - self.rows["taken_ns"]).to_numpy(np.float64)
        return service_ns[self.answered] / NS_PER_MS

    @property
    def in_latency_load(self) -> bool:
        """Whether response times mean a latency here: offline they only say how long the pile was."""
        return self.load_kind != "offline"

    def nested(self, values: npt.NDArray[np.float64]) -> Nested:
        """Values of the counted requests as values[process][block], in time order."""
        process, block = self.rows["process"].to_numpy(), self.rows["block"].to_numpy()
        return [
            [values[(process == p) & (block == b)] for b in np.unique(block[process == p])] for p in np.unique(process)
        ]


def cells(run: dict[str, Any], requests: pd.DataFrame) -> Iterator[Cell]:
    """All cells of a run, in the order of the scenario's arms and load points."""
    arms = {arm["name"]: arm for arm in run["arms"]}
    order = {name: place for place, name in enumerate(arms)}
    loads = {name: place for place, name in enumerate(dict.fromkeys(requests["load"]))}
    groups: list[tuple[Any, pd.DataFrame]] = list(requests.groupby(CELL_KEYS, dropna=False, sort=False, observed=True))
    groups.sort(key=lambda group: group[0][3] != "recommend")  # lists first, then what feeds them
    groups.sort(key=lambda group: 0.0 if np.isnan(group[0][2]) else group[0][2])
    groups.sort(key=lambda group: (order[group[0][0]], loads[group[0][1]]))
    for (arm, load, offered_per_s, request_kind), served in groups:
        yield Cell(
            run=run,
            arm=arms[arm],
            load=load,
            load_kind=served["load_kind"].iloc[0],
            arrivals=served["arrivals"].iloc[0],
            offered_per_s=offered_per_s,
            request_kind=request_kind,
            served=served,
            rows=served[served["counted"]],
            blocks=tuple(_blocks_of(run, arm, load, offered_per_s)),
        )


def _blocks_of(run: dict[str, Any], arm: str, load: str, offered_per_s: float) -> Iterator[dict[str, Any]]:
    rate = None if np.isnan(offered_per_s) else offered_per_s
    for entry in run["blocks"]:
        if (entry["arm"], entry["load"], entry["offered_per_s"]) == (arm, load, rate):
            yield entry
