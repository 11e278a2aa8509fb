"""What the indexes of faiss share: one query, some items left out, the order of ties."""

from __future__ import annotations

from typing import Any

import numpy as np

from recsys.index.dense_rows import Float32
from recsys.index.protocol import Candidates, ordered
from recsys.types import Positions


def search_without(index: Any, query: Float32, n: int, left_out: Positions, **parameters: Any) -> Candidates:
    """The n best of a faiss index by (−score, position), without those left out; fewer where it finds no more.

    query [dim]. parameters: of the search, by their names in the index's SearchParameters.
    """
    import faiss

    graph = isinstance(index, faiss.IndexHNSW)
    kind = faiss.SearchParametersHNSW if graph else faiss.SearchParameters  # type: ignore[attr-defined]
    if len(left_out):
        parameters["sel"] = faiss.IDSelectorNot(faiss.IDSelectorBatch(left_out.astype(np.int64)))
    n = min(n, index.ntotal)
    if n <= 0:
        return Candidates(np.zeros(0, np.int32), np.zeros(0, np.float32))
    scores, labels = index.search(query[None, :], n, params=kind(**parameters))
    found = labels[0] >= 0
    return ordered(labels[0][found].astype(np.int32), scores[0][found], n)
