"""Write the stages of a stored request as a trace for Perfetto."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.commands import COMMANDS
from bench.commands.json_file import JsonFileOption, require_writable, write_json
from bench.commands.options import RunArgument


@COMMANDS.register("timeline")
def timeline(
    run: RunArgument,
    request: Annotated[int, typer.Option("--request", metavar="N", help="Its row in requests.parquet.")],
    block: Annotated[bool, typer.Option("--block", help="All requests of its block, which it may have met.")] = False,
    json_file: JsonFileOption = None,
) -> int:
    """Write the stages of a stored request as a trace for Perfetto.

    Every arm is a process of the trace. Open the file at ui.perfetto.dev or in chrome://tracing; without --json it is
    request-N.json, or block-of-N.json, in the run's folder.
    """
    from bench.analysis.request_timeline import request_trace
    from bench.commands.terminal import Terminal
    from bench.store import load_run

    require_writable(json_file)
    stored = load_run(run)
    path: Path = json_file or stored.folder / f"{'block-of' if block else 'request'}-{request}.json"
    write_json(path, request_trace(stored, request, whole_block=block))
    Terminal().print(f"trace: {path}")
    return 0
