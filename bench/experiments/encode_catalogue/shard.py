"""One shard of a catalogue: encoded, and written whole or not at all.

This is the function that every engine runs. It keeps nothing from one call to the next, and all that it takes and gives
can be pickled, the encoder apart, which is built from its recipe where it is to run.
"""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import scipy.sparse

from bench.clock import MonotonicClock
from bench.experiments.encode_catalogue.cut import Shard
from bench.store import replace_file
from recsys.encoders.batching import check_vectors
from recsys.encoders.protocol import Encoder
from recsys.types import Vectors
from recsys.vector_shards import MANIFEST_KEY, shard_path


@dataclass(frozen=True, slots=True)
class Destination:
    """Where shards go, and the hash of the manifest that they belong to."""

    folder: Path
    manifest_sha256: str


@dataclass(frozen=True)
class ShardReport:
    """What one shard took. n_tokens int64 [texts]; encode_ns: from text to vector, without writing.

    worker: whose hands it went through, host and process.
    """

    number: int
    items: int
    n_tokens: npt.NDArray[np.int64]
    encode_ns: int
    worker: str


def encode_shard(encoder: Encoder, shard: Shard, destination: Destination) -> ShardReport:
    """Encode each text once and write the shard. Raises BadVectors for vectors that are no embeddings."""
    clock = MonotonicClock()
    start_ns = clock.now_ns()
    encoded = encoder.encode(shard.texts)
    encode_ns = clock.now_ns() - start_ns
    check_vectors(encoded, len(shard.texts), encoder.info.dim)
    table = _table(shard, _dense(encoded), destination.manifest_sha256)
    replace_file(shard_path(destination.folder, shard.number), lambda path: _write(path, table))
    n_tokens = encoder.prepare(shard.texts).n_tokens
    return ShardReport(shard.number, len(shard.positions), n_tokens, encode_ns, f"{platform.node()}:{os.getpid()}")


def _dense(vectors: Vectors) -> npt.NDArray[np.float32]:
    dense = vectors.toarray() if isinstance(vectors, scipy.sparse.csr_array) else vectors
    return np.ascontiguousarray(dense, np.float32)


def _table(shard: Shard, vectors: npt.NDArray[np.float32], manifest_sha256: str) -> pa.Table:
    """One row an item; items of one text repeat its vector."""
    dim = vectors.shape[1]
    columns = {
        "position": pa.array(shard.positions, pa.int32()),
        "item_id": pa.array(shard.item_ids, pa.string()),
        "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors[shard.rows].ravel()), dim),
    }
    return pa.table(columns).replace_schema_metadata({MANIFEST_KEY: manifest_sha256})


def _write(path: Path, table: pa.Table) -> None:
    """Neither compressed nor in a dictionary: the numbers have nothing to gain by either."""
    pq.write_table(table, path, compression="none", use_dictionary=False)
