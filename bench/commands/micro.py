"""Print micro-benchmarks of pytest-benchmark in the statistics of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.commands import COMMANDS


@COMMANDS.register("micro")
def micro(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Of pytest-benchmark, written with raw data.")],
) -> int:
    """Print micro-benchmarks of pytest-benchmark in the statistics of a run: percentiles with intervals.

    make perf PERF_OPTIONS='--benchmark-json=FILE --benchmark-save-data' writes such a file, with the environment of the
    machine in it; any project's file with raw data will do.
    """
    from bench.analysis.micro import read_micro
    from bench.commands.terminal import Terminal

    Terminal().show_micro(read_micro(file))
    return 0
