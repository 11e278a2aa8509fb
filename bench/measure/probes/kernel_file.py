"""Small files in which the kernel tells something, on some systems and to some users."""

from __future__ import annotations

from pathlib import Path


def read_kernel_file(path: Path) -> str:
    """Its text; "" where there is no such file or it may not be read."""
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
