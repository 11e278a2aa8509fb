"""A run of any size on disk, written by the project's own rows and store: the latencies of M/M/1 queues.

What a run of a million requests costs to store, to analyse and to report is measured on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from report_statements import build_statements
from small_data import make_dataset
from synthetic_run import make_arm

from bench.measure.floor_lists import FLOOR_LABELS
from bench.measure.recorder import NOT_WAITED_FOR, Outcome
from bench.measure.slices import Slice
from bench.measure.worker import Served
from bench.rows import QUALITY_COLUMNS, Origin, block_rows, floor_rows, user_hashes, with_quality
from bench.scenario import ArmTable, LoadPoint, LoadTable, PluginTable
from bench.store import RunFolder
from bench.traffic.trace import NO_ITEM, Trace
from recsys.serving.protocols import STAGES
from recsys.types import EventKind, RequestKind

K = 10
FEEDBACK_SHARE = 0.04
RATE_PER_S = 50.0
SERVICE_MS = {"baseline": 5.0, "model": 12.0}
"""Mean service time of each arm: at this rate the queues are a quarter and six tenths full."""
SALT = b"salt"


@dataclass(frozen=True)
class Size:
    """How large the run is. server, single: requests a block and arm; quality: whether the arms' lists were judged."""

    server: int = 49_000
    single: int = 1_000
    blocks: int = 10
    users: int = 2_000
    items: int = 2_000
    quality: bool = False

    @property
    def rows(self) -> int:
        """Rows of the trace: the requests of one arm."""
        return self.blocks * (self.server + self.single)


def store_run(out: Path, size: Size, seed: int = 5) -> Path:
    """Write a whole run of two arms, in single stream and at one rate; returns its folder."""
    rng = np.random.default_rng(seed)
    trace = make_trace(size, rng)
    folder, entries = RunFolder(out, f"{2 * size.rows}_requests"), []
    for part in slices(size):
        for arm, service_ms in SERVICE_MS.items():
            served = serve(part, trace, service_ms, rng)
            folder.add_block(block_rows(origin(arm, part, trace), served))
            entries.append(describe_block(arm, part, served))
    arms = {arm: quality(trace, rng) for arm in SERVICE_MS} if size.quality else {}
    folder.merge(lambda rows: with_quality(rows, arms))
    floors = {floor: quality(trace, rng) for floor in FLOOR_LABELS}
    folder.write_floors(floor_rows(floors, FLOOR_LABELS, user_hashes(trace, SALT, 0, size.rows)))
    folder.write_run(describe(entries, size))
    return folder.finish()


def make_trace(size: Size, rng: np.random.Generator) -> Trace:
    """Requests of users at random; a few report an event instead of asking for a list."""
    n, dataset = size.rows, make_dataset(size.items, size.users)
    kind = np.where(rng.random(n) < FEEDBACK_SHARE, RequestKind.FEEDBACK, RequestKind.RECOMMEND).astype(np.int8)
    item = np.where(kind == RequestKind.FEEDBACK, rng.integers(0, size.items, n), NO_ITEM).astype(np.int32)
    user = rng.integers(0, size.users, n).astype(np.int32)
    return Trace(kind, user, np.arange(n), item, np.full(n, EventKind.CLICK, np.int8), dataset)


def slices(size: Size) -> Iterator[Slice]:
    """Single stream, then the rate, block after block."""
    single = LoadTable(kind="single_stream", requests=size.single * size.blocks)
    server = LoadTable(kind="server", requests=size.server * size.blocks, arrivals=PluginTable(kind="poisson"))
    low = 0
    for point, n in (
        (LoadPoint("single_stream", single, None), size.single),
        (LoadPoint("server", server, RATE_PER_S), size.server),
    ):
        for block in range(size.blocks):
            yield Slice(point, block, low, low + n)
            low += n


def origin(arm: str, part: Slice, trace: Trace) -> Origin:
    """Where a block's rows come from; a fifth of a block at a rate settles."""
    table = ArmTable.model_validate({"name": arm, "encoder": {"kind": "fake"}})
    settling = len(part) // 5 if part.point is not None and part.point.offered_per_s else 0
    return Origin(table, part, settling, 0, trace, SALT)


def serve(part: Slice, trace: Trace, service_ms: float, rng: np.random.Generator) -> Served:
    """What one server with exponential service does with a slice: in single stream nothing waits."""
    n, rate_per_s = len(part), part.point.offered_per_s if part.point else None
    service_ns = np.rint(rng.exponential(service_ms * 1e6, n)).astype(np.int64) + 1_000
    busy_ns = np.cumsum(service_ns)
    intended_ns = busy_ns - service_ns
    if rate_per_s is not None:
        intended_ns = np.cumsum(np.rint(rng.exponential(1e9 / rate_per_s, n)).astype(np.int64))
    # Lindley's recursion: the server starts a request when it is due and the one ahead is done
    taken_ns = np.maximum.accumulate(intended_ns - (busy_ns - service_ns)) + busy_ns - service_ns
    lists = rng.integers(0, len(trace.dataset.items), (n, K), dtype=np.int32)
    lists[trace.kind[part.low : part.high] != RequestKind.RECOMMEND] = -1
    tokens = rng.integers(8, 64, n, dtype=np.int32)
    late_ns = rng.integers(1_000, 20_000, n, dtype=np.int32)
    return Served(
        intended_ns=intended_ns, taken_ns=taken_ns, observed_ns=taken_ns + service_ns,
        stage_ends_ns=stage_ends(taken_ns, service_ns),
        lateness_ns=np.where(taken_ns > intended_ns, np.int32(NOT_WAITED_FOR), late_ns),
        tokens=tokens, padded_tokens=tokens, outcomes=np.full(n, Outcome.ANSWERED, np.int8), recommended=lists,
        wall_s=busy_ns[-1] / 1e9, spin_s=0.0, readings={"cpu_s": busy_ns[-1] / 1e9}, was_quiet=True, pauses=0,
        paused_s=0.0, errors={},
    )  # fmt: skip


def stage_ends(taken_ns: npt.NDArray[np.int64], service_ns: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.int64]]:
    """The service time in equal parts; the last stage ends with it exactly."""
    ends = {stage: taken_ns + service_ns * place // len(STAGES) for place, stage in enumerate(STAGES, 1)}
    return ends | {STAGES[-1]: taken_ns + service_ns}


def quality(trace: Trace, rng: np.random.Generator) -> dict[str, npt.NDArray[np.float32]]:
    """Every quality column by row of the trace; only a list has a value."""
    asked = trace.kind == RequestKind.RECOMMEND
    drawn = {column: rng.integers(0, K + 1, len(trace)) / K for column in QUALITY_COLUMNS}
    return {column: np.where(asked, values, np.nan).astype(np.float32) for column, values in drawn.items()}


def describe_block(arm: str, part: Slice, served: Served) -> dict[str, Any]:
    """The block's entry in run.json."""
    assert part.point is not None
    busy_s = float(served.observed_ns.max() - served.intended_ns.min()) / 1e9
    return {
        "arm": arm, "load": part.point.name, "offered_per_s": part.point.offered_per_s, "block": part.block,
        "process": 0, "requests": len(part), "answered": len(part), "busy_s": busy_s, "wall_s": busy_s,
        "cpu_s": served.wall_s, "spin_s": 0.0, "steal_s": 0.0, "others_s": 0.0, "peak_rss_bytes": 200_000_000,
        "was_quiet": True, "collections": 0, "collected_s": 0.0,
    }  # fmt: skip


def describe(blocks: Sequence[Mapping[str, Any]], size: Size) -> dict[str, Any]:
    """run.json: what the page needs, taken from a run that never happened, with these arms and blocks."""
    run = build_statements(1, requests=100).run
    info = {"has_model": True, "real_weights": size.quality, "dim": 16}
    roles = {"baseline": "baseline", "model": "reference"}
    arms = [make_arm(arm, roles[arm], info=info) for arm in SERVICE_MS]
    run["scenario"] |= {"quality": {"fidelity_gate": 0.95}}
    run["environment"] |= {"load_average": {"cores": 2}}
    run["data"] |= {"simulated": False, "items": size.items}
    return run | {"arms": arms, "blocks": list(blocks), "warnings": []}
