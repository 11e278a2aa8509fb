"""The parts of an exchange: what the system says of its stages, and what is left for the network."""

from __future__ import annotations

from bench.measure.http.reply import Reply
from recsys.serving.protocols import STAGES
from recsys.serving.server_timing import parse_server_timing

SUMS = ("total", "duration", "request")
"""Names under which services state the whole once more."""
_SERIALISE = ("parse", "serialise", "serialize")


def parts_ns(reply: Reply, took_ns: int) -> dict[str, int]:
    """An exchange of this length as "queue" and stages that add up to it.

    What a Server-Timing header names otherwise than this project does is `service`. The rest is `network`; without such
    a header, or with one that says more than there was, all is `service`.
    """
    told_ns = parse_server_timing(reply.headers.get("server-timing", ""))
    parts: dict[str, int] = {}
    for name, length_ns in told_ns.items():
        if name in SUMS:
            continue
        part = "serialise" if name in _SERIALISE else name if name in (*STAGES, "queue") else "service"
        parts[part] = parts.get(part, 0) + length_ns
    left_ns = took_ns - sum(parts.values())
    if not parts or left_ns < 0:
        return {"service": took_ns}
    parts["network"] = parts.get("network", 0) + left_ns
    return parts
