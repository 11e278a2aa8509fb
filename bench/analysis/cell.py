"""One cell of the summary: the requests of one kind that one arm served at one load point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bench.analysis.roles import has_real_weights
from bench.analysis.selection import Selection
from bench.analysis.stats.hierarchy import Nested

NS_PER_MS = 1e6
CELL_KEYS = ["arm", "load", "offered_per_s", "request_kind"]


@dataclass(frozen=True)
class Cell:
    """served: all its rows of requests.parquet; rows: those that count; blocks: the entries of its blocks in run.json.

    load_kind: "single_stream", "server", …; offered_per_s: nan where the load has no rate.
    """

    run: dict[str, Any]
    arm: dict[str, Any]
    load: str
    load_kind: str
    arrivals: str
    offered_per_s: float
    request_kind: str
    served: Selection
    rows: Selection
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

    @property
    def has_real_weights(self) -> bool:
        """Whether the arm's lists mean anything; those of random weights do not."""
        return has_real_weights(self.arm)

    @property
    def on_gpu(self) -> bool:
        """Whether the arm computes on an NVIDIA GPU."""
        return str(self.arm["device"]).startswith("cuda")

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
    loads = {name: place for place, name in enumerate(requests["load"].unique())}
    groups = _groups(requests)
    groups.sort(key=lambda group: group[0][3] != "recommend")  # lists first, then what feeds them
    groups.sort(key=lambda group: 0.0 if np.isnan(group[0][2]) else group[0][2])
    groups.sort(key=lambda group: (order[group[0][0]], loads[group[0][1]]))
    for (arm, load, offered_per_s, request_kind), served in groups:
        first = requests.iloc[served.places[0]]
        yield Cell(
            run=run,
            arm=arms[arm],
            load=load,
            load_kind=first["load_kind"],
            arrivals=first["arrivals"],
            offered_per_s=offered_per_s,
            request_kind=request_kind,
            served=served,
            rows=served.only(served["counted"]),
            blocks=tuple(_blocks_of(run, arm, load, offered_per_s)),
        )


def _groups(requests: pd.DataFrame) -> list[tuple[tuple[str, str, float, str], Selection]]:
    """The rows of each cell and their CELL_KEYS, in the order of their first appearance."""
    codes = requests.groupby(CELL_KEYS, dropna=False, sort=False, observed=True).ngroup().to_numpy()
    order = np.argsort(codes, kind="stable")
    together = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
    keys = requests[CELL_KEYS].iloc[[places[0] for places in together]].itertuples(index=False, name=None)
    return [(key, Selection(requests, places)) for key, places in zip(keys, together, strict=True)]


def _blocks_of(run: dict[str, Any], arm: str, load: str, offered_per_s: float) -> Iterator[dict[str, Any]]:
    rate = None if np.isnan(offered_per_s) else offered_per_s
    for entry in run["blocks"]:
        if (entry["arm"], entry["load"], entry["offered_per_s"]) == (arm, load, rate):
            yield entry
