"""Which arm is the baseline, which the reference, and whose lists mean anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def holder(run: dict[str, Any], role: str) -> dict[str, Any] | None:
    """The arm that holds a role and was measured to the end; None where there is none."""
    return next((arm for arm in run["arms"] if arm["role"] == role and arm["status"] == "measured"), None)


def has_real_weights(arm: Mapping[str, Any]) -> bool:
    """Whether all models of an arm, its re-ranker's among them, were trained. arm: its entry in run.json."""
    models = (arm.get("info") or {}, arm.get("reranker") or {})
    return all(model.get("real_weights", True) for model in models)
