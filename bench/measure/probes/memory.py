"""Memory of this process."""

from __future__ import annotations

import resource
import sys

BYTES_PER_UNIT = 1 if sys.platform == "darwin" else 1024


def peak_rss_bytes() -> int:
    """The largest resident set so far, loading included."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES_PER_UNIT
