"""The two checkouts of a gate: a revision in a folder of its own, or the working tree as it lies."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.errors import ConfigError

GIT_LIMIT_S = 120


@contextlib.contextmanager
def checkout(revision: str | None) -> Iterator[Path]:
    """The code of a git revision in a temporary folder; None = the code that runs now. Raises ConfigError."""
    here = Path(__file__).resolve().parents[3]
    if revision is None:
        yield here
        return
    commit = _git(here, revision, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    with TemporaryDirectory(prefix="gate-") as folder:
        tree = Path(folder) / "tree"
        _git(here, revision, "worktree", "add", "--detach", "--force", str(tree), commit)
        try:
            yield tree
        finally:
            _git(here, revision, "worktree", "remove", "--force", str(tree))


def _git(root: Path, revision: str, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", *words], cwd=root, capture_output=True, text=True, timeout=GIT_LIMIT_S, check=True
        )
    except FileNotFoundError as error:
        raise ConfigError(
            f"revision {revision}: git is not installed. Next: install it, or leave --base out"
        ) from error
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", "") or str(error)
        raise ConfigError(
            f"revision {revision}: cannot be checked out: {said.strip() or 'no such commit here'}. "
            "Next: git log; in a shallow clone git fetch --unshallow"
        ) from error
    return done.stdout.strip()
