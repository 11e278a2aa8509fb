"""Which indexes stand on the ladder, and the vectors that they hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bench.errors import ConfigError
from recsys.errors import did_you_mean
from recsys.index import INDEXES

ITEMS_A_TOPIC = 50
SPREAD = 1.0
"""Length of an item's own part, beside its topic's of length 1: neighbours then have cosines as titles do."""
SEED = 1


@dataclass(frozen=True)
class LadderIndex:
    """A kind of index with its options. most_items: beyond them it is left out, as building takes too long."""

    label: str
    kind: str
    options: Mapping[str, object] = field(default_factory=dict)
    most_items: int = 10**9


LADDER = (
    LadderIndex("exact", "exact"),
    LadderIndex("float16", "quantised", {"precision": "fp16", "rescore": 0}),
    LadderIndex("int8", "quantised", {"precision": "int8", "rescore": 4}),
    LadderIndex("binary", "quantised", {"precision": "binary", "rescore": 20}),
    LadderIndex("faiss flat", "faiss_flat"),
    LadderIndex("faiss int8", "faiss_int8"),
    LadderIndex("faiss HNSW", "faiss_hnsw", most_items=200_000),
)


def buildable(labels: Sequence[str] = ()) -> tuple[LadderIndex, ...]:
    """Those of these labels, all without any, whose libraries are installed. Raises ConfigError for an unknown one."""
    known = [index.label for index in LADDER]
    for label in labels:
        if label not in known:
            raise ConfigError(
                f'--index "{label}": no such index{did_you_mean(label, known)}. Known: {", ".join(known)}'
            )
    chosen = [index for index in LADDER if not labels or index.label in labels]
    return tuple(index for index in chosen if not INDEXES.entry(index.kind).missing)


def made_up_vectors(n: int, dim: int, n_queries: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Unit rows [n, dim] around topics, and as many queries as asked around the same, from one seed."""
    drawn = np.random.default_rng(SEED)
    topics = _unit(drawn.standard_normal((max(1, n // ITEMS_A_TOPIC), dim), np.float32))
    scale = np.float32(SPREAD / np.sqrt(dim))

    def around(rows: int) -> npt.NDArray[np.float32]:
        own = drawn.standard_normal((rows, dim), np.float32)
        own *= scale
        own += topics[drawn.integers(0, len(topics), rows)]
        return _unit(own)

    return around(n), around(n_queries)


def _unit(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows
