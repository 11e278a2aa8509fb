"""What a piece of code leaves imported, asked of an interpreter of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection


def imported_by(code: str, names: Collection[str]) -> set[str]:
    """Which of these top-level modules are there once the code has run."""
    told = f"{code}\nimport sys\nprint(*({set(names)!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())
