"""Indexes: one file each."""

from __future__ import annotations

from typing import Any

import scipy.sparse

from recsys.index.protocol import Candidates, Index, best
from recsys.options import parse_options
from recsys.registry import Registry
from recsys.types import Vectors

INDEXES: Registry[Any] = Registry("recsys.index", "index")


def build_index(kind: str | None, vectors: Vectors, **options: object) -> Index:
    """An index that holds these vectors. kind None: exact search, sparse for sparse vectors.

    Raises UnknownKind, MissingLibrary, BadOptions.
    """
    kind = kind or ("sparse" if isinstance(vectors, scipy.sparse.csr_array) else "exact")
    plugin = INDEXES.get(kind)
    index: Index = plugin(parse_options(plugin.Options, options, f'index "{kind}"'))
    index.build(vectors)
    return index


__all__ = ["INDEXES", "Candidates", "Index", "best", "build_index"]
