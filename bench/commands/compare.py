"""Put several runs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.commands import COMMANDS
from bench.commands.options import OutOption


@COMMANDS.register("compare")
def compare(
    runs: Annotated[list[str], typer.Argument(metavar="RUN RUN …", help="Runs' folders, or their names in ./results.")],
    html: Annotated[bool, typer.Option("--html", help="Write a page too, into a folder in --out.")] = False,
    out: OutOption = Path("results"),
    force: Annotated[
        bool, typer.Option("--force", help="Compare what is not comparable; no ratios, and the page says so.")
    ] = False,
) -> int:
    """Put several runs side by side.

    The first run is what the others are compared with. Runs of other requests, data or scenarios are refused with exit
    code 2; arms may differ. Between machines latencies stand side by side, and no ratio is claimed.
    """
    from bench.commands.terminal import Terminal
    from bench.experiments.compare import compare_runs, keep_comparison

    terminal = Terminal()
    comparison = compare_runs(runs, force=force)
    terminal.show_comparison(comparison)
    if html:
        terminal.print(f"\npage:  {keep_comparison(comparison, out)}")
    return 0
