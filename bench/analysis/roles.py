"""Which arm is the baseline, which the reference."""

from __future__ import annotations

from typing import Any


def holder(run: dict[str, Any], role: str) -> dict[str, Any] | None:
    """The arm that holds a role and was measured to the end; None where there is none."""
    return next((arm for arm in run["arms"] if arm["role"] == role and arm["status"] == "measured"), None)
