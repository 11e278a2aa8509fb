"""Say why a stored request was answered as it was."""

from __future__ import annotations

from typing import Annotated

import typer

from bench.commands import COMMANDS
from bench.commands.options import DataDirOption, RunArgument


@COMMANDS.register("explain")
def explain(
    run: RunArgument,
    request: Annotated[int, typer.Option("--request", metavar="N", help="Its row in requests.parquet.")],
    arm: Annotated[str | None, typer.Option("--arm", metavar="NAME", help="The reference without it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Everything that is known, for machines.")] = False,
    data_dir: DataDirOption = None,
) -> int:
    """Say why a stored request was answered as it was.

    The arm is built again on the run's data and asked again at that moment. Shown are the parts of each score and the
    events of the user's history that lie nearest. Exit code 2 when the list is not the stored one.
    """
    import json

    from bench.commands.terminal import Terminal
    from bench.experiments.explain import explain_request
    from bench.store import load_run
    from recsys.data.loading import data_dirs_from_environment

    terminal = Terminal()
    found = explain_request(load_run(run), request, arm, data_dirs_from_environment(data_dir), terminal.progress)
    if as_json:
        terminal.print(json.dumps(found.as_json(), indent=1, allow_nan=False))
    else:
        terminal.show_explanation(found)
    return 0
