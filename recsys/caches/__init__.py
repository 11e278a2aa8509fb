"""Where vectors of texts seen before are kept: one file each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recsys.caches.protocol import Key, Vector, VectorStore
from recsys.caches.vector_cache import VectorCache
from recsys.options import parse_options
from recsys.registry import Registry

CACHES: Registry[Any] = Registry("recsys.caches", "cache")


def build_cache(kind: str, options: Mapping[str, object]) -> VectorCache:
    """A cache in an empty store of this kind. Raises UnknownKind, MissingLibrary, BadOptions."""
    plugin = CACHES.get(kind)
    return VectorCache(plugin(parse_options(plugin.Options, options, f'cache "{kind}"')))


__all__ = ["CACHES", "Key", "Vector", "VectorCache", "VectorStore", "build_cache"]
