"""The Server-Timing header: a service says in it what its stages took, in ms with the precision of a nanosecond."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

NS_PER_MS = 1_000_000
_ENTRY = re.compile(r'(?:[^,"]|"(?:\\.|[^"\\])*")+')
_PARAMETER = re.compile(r'(?:[^;"]|"(?:\\.|[^"\\])*")+')
LONGEST_NS = 10**15
"""A length beyond it, eleven days, is no length of a stage."""


def format_server_timing(lengths_ns: Mapping[str, int]) -> str:
    """`queue;dur=0.012345, encode;dur=3.200000`: lengths in ns by stage, in their order."""
    return ", ".join(
        f"{stage};dur={length_ns // NS_PER_MS}.{length_ns % NS_PER_MS:06d}" for stage, length_ns in lengths_ns.items()
    )


def parse_server_timing(header: str) -> dict[str, int]:
    """Lengths in ns by name, as far as the header can be read: an entry without a usable `dur` is left out.

    Entries of one name add up. The grammar is that of the W3C's Server Timing, quoted descriptions included.
    """
    lengths_ns: dict[str, int] = {}
    for entry in _ENTRY.findall(header):
        name, *parameters = [part.strip() for part in _PARAMETER.findall(entry)] or [""]  # ";" alone has no part
        length_ns = next((_length_ns(value) for value in map(_duration, parameters) if value is not None), None)
        if name and length_ns is not None:
            lengths_ns[name] = lengths_ns.get(name, 0) + length_ns
    return lengths_ns


def _duration(parameter: str) -> str | None:
    name, equals, value = parameter.partition("=")
    return value.strip().strip('"') if equals and name.strip().lower() == "dur" else None


def _length_ns(text: str) -> int | None:
    try:
        length_ms = float(text)
    except ValueError:
        return None
    if not math.isfinite(length_ms) or not 0 <= length_ms * NS_PER_MS <= LONGEST_NS:
        return None
    return round(length_ms * NS_PER_MS)
