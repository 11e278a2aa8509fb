"""How much of a statement's uncertainty each level of the measurement contributes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Components:
    """Where the uncertainty comes from: standard errors of the statement, in its unit; None was not measured.

    within: requests (for medians it cannot be told from between_blocks, which then holds both, and is None);
    between_blocks: blocks of one process, needs two; between_processes: restarts, needs two processes. 0 means that the
    level varies no more than what lies under it explains. With one process nothing is known of restarts, and the
    interval does not cover them.
    """

    within: float | None
    between_blocks: float | None
    between_processes: float | None
