"""Print what a stored run found."""

from __future__ import annotations

from typing import Annotated

import typer

from bench.commands import COMMANDS
from bench.commands.options import RunArgument


@COMMANDS.register("show")
def show(
    run: RunArgument,
    as_json: Annotated[bool, typer.Option("--json", help="Everything that is stated, for machines.")] = False,
) -> int:
    """Print what a stored run found."""
    from bench.analysis.conclude import conclude, statements_as_json
    from bench.commands.terminal import Terminal
    from bench.store import load_run

    statements = conclude(load_run(run))
    if as_json:
        Terminal().print(statements_as_json(statements))
    else:
        Terminal().show(statements)
    return 0
