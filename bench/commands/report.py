"""Make the tables and the report of a stored run anew."""

from __future__ import annotations

from bench.commands import COMMANDS
from bench.commands.options import RunArgument


@COMMANDS.register("report")
def report(run: RunArgument) -> int:
    """Make the tables and the report of a stored run anew."""
    from bench.commands.terminal import Terminal
    from bench.experiments.measure import report as remake
    from bench.store import load_run

    measured = remake(load_run(run))
    Terminal().print(str(measured.folder / "report.html"))
    return 0
