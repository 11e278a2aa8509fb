"""What a gate and the process that runs one side's code say to each other: JSON, a line each.

Both may be of different revisions, so nothing is shared but this file's words; PROTOCOL rises when they change.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

PROTOCOL = 1


class Message(BaseModel):
    """A line."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Prepare(Message):
    """The scenario as text, what is set in it, where data lie, and for how many blocks requests are drawn."""

    protocol: int = PROTOCOL
    scenario: str
    overrides: list[str]
    data_dirs: list[str]
    blocks: int


class Prepared(Message):
    """The side is ready. arms: name → label. absent: arm → why it cannot be measured here. code: commit and version."""

    protocol: int
    arms: dict[str, str]
    absent: dict[str, str]
    trace_sha256: str
    code: dict[str, Any]


class Measure(Message):
    """Let a fresh process of this arm serve this block."""

    arm: str
    block: int


class Measured(Message):
    """points: plain values, one entry a load point; see bench.measure.life. reason: why there are none.

    cpu_s of a point is null where the process that worked is out of reach.
    """

    points: list[dict[str, Any]] = []
    reason: str = ""


class Refused(Message):
    """The side cannot do it. exit_code: of the error."""

    reason: str
    exit_code: int
