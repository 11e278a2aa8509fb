"""Re-rankers: one file each. A re-ranker reads the user's text beside the best candidates and orders them anew.

A plug-in registers a class that is called with (options, material) and has three attributes: `Options`, a
RerankOptions; `DEVICES`, what it runs on; `EXACT`, the options under which it is its own exact fp32 reference. Its
module imports no heavy library at its top.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recsys.encoders.runtime import require_device
from recsys.options import parse_options
from recsys.registry import Registry
from recsys.reranking.options import RerankOptions
from recsys.reranking.protocol import Ask, Material, Reranked, Reranker, RerankerInfo

RERANKERS: Registry[Any] = Registry("recsys.reranking", "reranking")


def check_options(kind: str, options: Mapping[str, object]) -> RerankOptions:
    """The options as the kind's own model, checked; neither a model nor a heavy library is loaded.

    Raises UnknownKind, MissingLibrary, BadOptions.
    """
    model: type[RerankOptions] = RERANKERS.get(kind).Options
    return parse_options(model, options, f'reranking "{kind}"')


def build_reranker(kind: str, options: Mapping[str, object], material: Material) -> Reranker:
    """A re-ranker of this kind, its model loaded and what it holds of the items computed.

    Raises UnknownKind, MissingLibrary, BadOptions, MissingDevice, and ModelError for a model that cannot be used.
    """
    parsed = check_options(kind, options)
    plugin = RERANKERS.get(kind)
    require_device(f"reranking {kind}", plugin.DEVICES, material.device)
    reranker: Reranker = plugin(parsed, material)
    return reranker


def exact_reranking(kind: str, options: Mapping[str, object]) -> dict[str, object]:
    """Kind and options of the exact fp32 re-ranker of the same model, which `fidelity` compares with.

    Those that differ in speed alone have the same one.
    """
    exact: Mapping[str, object] = RERANKERS.get(kind).EXACT
    return {"kind": kind} | dict(options) | dict(exact)


__all__ = [
    "RERANKERS",
    "Ask",
    "Material",
    "RerankOptions",
    "Reranked",
    "Reranker",
    "RerankerInfo",
    "build_reranker",
    "check_options",
    "exact_reranking",
]
