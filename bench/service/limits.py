"""What a service allows: how many may wait, how long, and how large a request may be."""

from __future__ import annotations

from dataclasses import dataclass

BYTES_PER_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class ServiceLimits:
    """queue: requests that wait for a worker. answer_s: longest from arrival to answer. body_bytes: of a request.

    body_s: longest until a body is there. texts: of one call for embeddings.
    """

    queue: int = 256
    answer_s: float = 5.0
    body_bytes: int = BYTES_PER_MIB
    body_s: float = 10.0
    texts: int = 2048
