"""Memory of this process."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")
BYTES_PER_KIB = 1024


def peak_rss_bytes() -> int:
    """The largest resident set so far, loading included.

    From the kernel's high-water mark where there is one: what getrusage says begins, in a process that was started by
    another, at the size of that other.
    """
    if STATUS.exists():
        for line in STATUS.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * BYTES_PER_KIB
    unit_bytes = 1 if sys.platform == "darwin" else BYTES_PER_KIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit_bytes
