"""The instrument: measures what a language model costs a recommender in real time. Knows nothing of models.

`bench.load_run(RUN)` is its door for notebooks and scripts; everything else is the command line's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from bench.loading import Run

__all__ = ["load_run"]


def load_run(where: str | Path) -> Run:
    """A stored run with its tables as pandas frames, its answer and its verdict (see `bench.loading.Run`).

    where: a run's folder, or its name in ./results. Raises `bench.errors.ConfigError` for what is no run.
    """
    from bench.loading import load_run as load

    return load(where)
