"""Write a stored run for another tool."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.commands import COMMANDS
from bench.commands.options import RunArgument


@COMMANDS.register("export")
def export(
    run: RunArgument,
    tensorboard: Annotated[Path, typer.Option(metavar="DIR", help="The folder that tensorboard --logdir reads.")],
) -> int:
    """Write a stored run for another tool: its metrics as TensorBoard scalars, one run an arm.

    A metric's step is the offered rate, that of a block's median the block. Tables come from show, traces
    from timeline.
    """
    from bench.analysis.conclude import conclude
    from bench.commands.terminal import Terminal
    from bench.experiments.scalars import write_tensorboard
    from bench.store import load_run

    written = write_tensorboard(conclude(load_run(run)), tensorboard)
    Terminal().print(f"{tensorboard}: {written:,} scalars")
    return 0
