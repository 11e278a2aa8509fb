"""The rows of requests.parquet: from what a worker measured in one block to a table, and to the whole run's table."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bench.measure.recorder import Outcome
from bench.measure.slices import Slice
from bench.measure.worker import Served
from bench.scenario import ArmTable
from bench.traffic.requests import Trace
from recsys.types import RequestKind

QUALITY_COLUMNS = ("recall_at_k", "ndcg_at_k", "fidelity_at_k", "overlap_at_k")
_NO_ITEM = -1
_NO_FLOORS = pa.table(
    {"floor": pa.array([], pa.string()), "label": pa.array([], pa.string()), "row": pa.array([], pa.int64())}
    | {"user": pa.array([], pa.string())}
    | {column: pa.array([], pa.float32()) for column in ("recall_at_k", "ndcg_at_k")}
)


@dataclass(frozen=True)
class Origin:
    """Where a block's rows come from. settling: its first requests that are not counted.

    salt: of the hash that stands for a user; it is kept nowhere.
    """

    arm: ArmTable
    slice: Slice
    settling: int
    process: int
    trace: Trace
    salt: bytes


def user_hashes(trace: Trace, salt: bytes, low: int, high: int) -> list[str]:
    """One word a request of rows low … high - 1 of the trace, the same for the same user within a run."""
    users = trace.dataset.events.user[trace.events[low:high]]
    names = trace.dataset.user_ids
    return [hashlib.sha256(salt + names[user].encode()).hexdigest()[:12] for user in users.tolist()]


def block_rows(origin: Origin, served: Served) -> pa.Table:
    """One row a request of one arm and slice."""
    point, n = origin.slice.point, len(origin.slice)
    if point is None:
        raise ValueError("the warm-up slice has no rows")
    low = origin.slice.low
    feedback = origin.trace.feedback[low : low + n]
    kinds = [RequestKind.FEEDBACK if reports else RequestKind.RECOMMEND for reports in feedback.tolist()]
    caching = origin.arm.cache is not None and not feedback.all()
    unknown = feedback | (served.outcomes != Outcome.ANSWERED)
    hits = pa.array(served.tokens == 0, mask=unknown) if caching else pa.nulls(n, pa.bool_())
    columns: dict[str, pa.Array] = {
        "arm": _repeated(origin.arm.name, n),
        "load": _repeated(point.name, n),
        "load_kind": _repeated(point.table.kind, n),
        "arrivals": _repeated(point.table.arrivals.kind if point.table.arrivals else "", n),
        "offered_per_s": pa.array([point.offered_per_s] * n, pa.float64()),
        "block": pa.array(np.full(n, origin.slice.block, np.int16)),
        "process": pa.array(np.full(n, origin.process, np.int16)),
        "row": pa.array(np.arange(low, low + n, dtype=np.int64)),
        "request_kind": pa.array([kind.name.lower() for kind in kinds]),
        "user": pa.array(user_hashes(origin.trace, origin.salt, low, low + n)),
        "intended_ns": pa.array(served.intended_ns),
        "taken_ns": pa.array(served.taken_ns),
        "observed_ns": pa.array(served.observed_ns),
        **{f"mark_{stage}_ns": pa.array(ends) for stage, ends in served.stage_ends_ns.items()},
        "tokens": pa.array(served.tokens),
        "padded_tokens": pa.array(served.padded_tokens),
        "cache_hit": hits,
        "outcome": pa.array([Outcome(code).name.lower() for code in served.outcomes.tolist()]),
        "counted": pa.array(np.arange(n) >= origin.settling),
        "recommended": _item_lists(served.recommended, origin.trace.dataset.items),
    }
    return pa.table(columns)


def with_quality(rows: pa.Table, scores: Mapping[str, Mapping[str, npt.NDArray[np.float32]]]) -> pa.Table:
    """The rows with the quality columns. scores: arm → column → float32 by row of the trace, NaN = not measured."""
    names = rows.column("arm").to_numpy()
    places = rows.column("row").to_numpy()
    masks = {arm: names == arm for arm in scores}
    for column in QUALITY_COLUMNS:
        values = np.full(len(names), np.nan, np.float32)
        for arm, mine in masks.items():
            values[mine] = scores[arm][column][places[mine]]
        rows = rows.append_column(column, pa.array(values, mask=np.isnan(values)))
    return rows


def floor_rows(
    scores: Mapping[str, Mapping[str, npt.NDArray[np.float32]]], labels: Mapping[str, str], users: Sequence[str]
) -> pa.Table:
    """One row a floor and request for a list. users: hashes by row of the trace."""
    parts = []
    for floor, columns in scores.items():
        rows = np.flatnonzero(~np.isnan(columns["recall_at_k"]))
        parts.append(
            pa.table(
                {
                    "floor": _repeated(floor, len(rows)),
                    "label": _repeated(labels[floor], len(rows)),
                    "row": pa.array(rows),
                    "user": pa.array([users[row] for row in rows.tolist()]),
                    **{name: pa.array(values[rows]) for name, values in columns.items()},
                }
            )
        )
    return pa.concat_tables(parts) if parts else _NO_FLOORS


def recommended_positions(blocks: Sequence[tuple[Slice, Served]], n: int) -> npt.NDArray[np.int32]:
    """An arm's lists by row of the trace, int32 [n, k]; −1 where there is none."""
    k = blocks[0][1].recommended.shape[1]
    lists = np.full((n, k), _NO_ITEM, np.int32)
    for part, served in blocks:
        lists[part.low : part.high] = served.recommended
    return lists


def _repeated(word: str, n: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, np.int32)), pa.array([word])).cast(pa.string())


def _item_lists(positions: npt.NDArray[np.int32], items: Sequence[object]) -> pa.Array:
    ids = pa.array([getattr(item, "item_id", "") for item in items])
    present = positions != _NO_ITEM
    offsets = np.concatenate([[0], np.cumsum(present.sum(1))]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pc.take(ids, pa.array(positions[present])))
