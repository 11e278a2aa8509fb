"""The rows of requests.parquet: from what a worker measured in one block to a table, and to the whole run's table."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bench.measure.recorder import NOT_WAITED_FOR, UNKNOWN, Outcome
from bench.measure.slices import Slice
from bench.measure.worker import Served
from bench.scenario import ArmTable
from bench.traffic.trace import NOBODY, Trace
from recsys.types import Item, Positions, RequestKind

COLD_ITEM_COLUMNS = ("cold_item_recall_at_k", "cold_item_ndcg_at_k")
FLOOR_COLUMNS = ("recall_at_k", "ndcg_at_k", *COLD_ITEM_COLUMNS, "satisfaction_proxy", "diversity", "novelty")
QUALITY_COLUMNS = (*FLOOR_COLUMNS, "candidate_recall", "fidelity_at_k", "overlap_at_k")
_NO_ITEM = -1
_WORDS = pa.dictionary(pa.int32(), pa.string())
_NO_FLOORS = pa.table(
    {"floor": pa.array([], _WORDS), "label": pa.array([], _WORDS), "row": pa.array([], pa.int64())}
    | {"user": pa.array([], _WORDS)}
    | {column: pa.array([], pa.float32()) for column in FLOOR_COLUMNS}
)


@dataclass(frozen=True)
class Origin:
    """Where a block's rows come from. settling: its first requests that are not counted.

    salt: of the hash that stands for a user; it is kept nowhere. cold_users int32: users with little history.
    """

    arm: ArmTable
    slice: Slice
    settling: int
    process: int
    trace: Trace
    salt: bytes
    cold_users: npt.NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))


def user_hashes(trace: Trace, salt: bytes, low: int, high: int) -> pa.DictionaryArray:
    """One word a request of rows low … high - 1 of the trace, the same for the same user within a run.

    null for the ingest of an item, which has no user.
    """
    users, places = np.unique(trace.user[low:high], return_inverse=True)
    names = trace.dataset.user_ids
    hashes = [
        "" if user == NOBODY else hashlib.sha256(salt + names[user].encode()).hexdigest()[:12]
        for user in users.tolist()
    ]
    return _words(places, hashes, absent=trace.user[low:high] == NOBODY)


def block_rows(origin: Origin, served: Served) -> pa.Table:
    """One row a request of one arm and slice. Quality is not known yet: its columns are null."""
    point, n = origin.slice.point, len(origin.slice)
    if point is None:
        raise ValueError("the warm-up slice has no rows")
    low = origin.slice.low
    kinds = origin.trace.kind[low : low + n]
    asked = kinds == RequestKind.RECOMMEND
    caching = origin.arm.cache is not None and asked.any()
    unknown = ~asked | (served.outcomes != Outcome.ANSWERED)
    handed = served.handed
    hits = pa.array(served.tokens == 0, mask=unknown) if caching else pa.nulls(n, pa.bool_())
    columns: dict[str, pa.Array] = {
        "arm": _repeated(origin.arm.name, n),
        "load": _repeated(point.name, n),
        "load_kind": _repeated(point.table.kind, n),
        "arrivals": _repeated(point.table.arrivals.kind if point.table.arrivals else "", n),
        "offered_per_s": pa.repeat(pa.scalar(point.offered_per_s, pa.float64()), n),
        "block": pa.array(np.full(n, origin.slice.block, np.int16)),
        "process": pa.array(np.full(n, origin.process, np.int16)),
        "row": pa.array(np.arange(low, low + n, dtype=np.int64)),
        "request_kind": _words(kinds, [kind.name.lower() for kind in RequestKind]),
        "user": user_hashes(origin.trace, origin.salt, low, low + n),
        "cold_user": pa.array(np.isin(origin.trace.user[low : low + n], origin.cold_users)),
        "intended_ns": pa.array(served.intended_ns),
        "taken_ns": pa.array(served.taken_ns),
        "observed_ns": pa.array(served.observed_ns),
        **{f"mark_{stage}_ns": pa.array(ends) for stage, ends in served.stage_ends_ns.items()},
        "lateness_ns": pa.array(served.lateness_ns, mask=served.lateness_ns == NOT_WAITED_FOR),
        "tokens": _known(served.tokens, handed.tokens if handed else None),
        "padded_tokens": _known(served.padded_tokens, handed.padded_tokens if handed else None),
        "cache_hit": hits,
        "outcome": _words(served.outcomes, [outcome.name.lower() for outcome in Outcome]),
        "counted": pa.array(np.arange(n) >= origin.settling),
        "recommended": _item_lists(served.recommended, origin.trace.dataset.items),
        **{column: pa.nulls(n, pa.float32()) for column in QUALITY_COLUMNS},
    }
    return pa.table(columns)


def with_quality(rows: pa.Table, scores: Mapping[str, Mapping[str, npt.NDArray[np.float32]]]) -> pa.Table:
    """The rows with their quality filled in. scores: arm → column → float32 by row of the trace, NaN = not measured."""
    places = rows.column("row").to_numpy()
    masks = {arm: pc.equal(rows.column("arm"), arm).to_numpy() for arm in scores}
    for column in QUALITY_COLUMNS:
        values = np.full(len(places), np.nan, np.float32)
        for arm, mine in masks.items():
            values[mine] = scores[arm][column][places[mine]]
        place = rows.column_names.index(column)
        rows = rows.set_column(place, column, pa.array(values, mask=np.isnan(values)))
    return rows


def with_users(rows: pa.Table, users: pa.DictionaryArray) -> pa.Table:
    """The rows with these hashes in place of theirs. users: by row of the trace."""
    return rows.set_column(rows.column_names.index("user"), "user", users.take(rows.column("row").combine_chunks()))


def positions_of(lists: pa.ChunkedArray, place_of: Mapping[str, int], k: int) -> Positions:
    """Lists of item ids as positions, int32 [n, k], −1 where a list is shorter. place_of: item id → position."""
    positions = np.full((len(lists), k), _NO_ITEM, np.int32)
    for row, ids in enumerate(lists.to_pylist()):
        positions[row, : len(ids)] = [place_of[item_id] for item_id in ids]
    return positions


def floor_rows(
    scores: Mapping[str, Mapping[str, npt.NDArray[np.float32]]], labels: Mapping[str, str], users: pa.DictionaryArray
) -> pa.Table:
    """One row a floor and request for a list that can be judged. users: hashes by row of the trace."""
    parts = []
    for floor, columns in scores.items():
        rows = np.flatnonzero(~np.isnan(columns["recall_at_k"]))
        parts.append(
            pa.table(
                {
                    "floor": _repeated(floor, len(rows)),
                    "label": _repeated(labels[floor], len(rows)),
                    "row": pa.array(rows),
                    "user": users.take(pa.array(rows)),
                    **{name: pa.array(columns[name][rows], from_pandas=True) for name in FLOOR_COLUMNS},
                }
            )
        )
    return pa.concat_tables(parts) if parts else _NO_FLOORS


def recommended_positions(blocks: Sequence[tuple[Slice, Positions]], n: int) -> Positions:
    """An arm's lists by row of the trace, int32 [n, k], −1 where there is none. blocks: a slice and its lists each."""
    k = blocks[0][1].shape[1]
    lists = np.full((n, k), _NO_ITEM, np.int32)
    for part, recommended in blocks:
        lists[part.low : part.high] = recommended
    return lists


def _words(
    codes: npt.NDArray[np.integer], words: Sequence[str], absent: npt.NDArray[np.bool_] | None = None
) -> pa.DictionaryArray:
    """words[code] for each code, null where it is absent; a word is stored once, however often it stands."""
    places = pa.array(codes.astype(np.int32), mask=absent)
    return pa.DictionaryArray.from_arrays(places, pa.array(words, pa.string()))


def _known(tokens: npt.NDArray[np.int32], of_reranker: npt.NDArray[np.int32] | None) -> pa.Array:
    """Tokens of encoder and re-ranker together, null where the system does not say."""
    both = tokens if of_reranker is None else tokens + of_reranker
    return pa.array(both, mask=tokens == UNKNOWN)


def _repeated(word: str, n: int) -> pa.DictionaryArray:
    return _words(np.zeros(n, np.int32), [word])


def _item_lists(positions: Positions, items: Sequence[Item]) -> pa.ListArray:
    """One list of item ids a row. positions int32 [n, k]."""
    present = positions != _NO_ITEM
    offsets = np.concatenate([[0], np.cumsum(present.sum(1))]).astype(np.int32)
    shown, places = np.unique(positions[present], return_inverse=True)
    ids = pa.array([items[item].item_id for item in shown.tolist()], pa.string())
    return pa.ListArray.from_arrays(pa.array(offsets), ids.take(pa.array(places)))
