"""Profile one arm of a scenario, outside timed runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.commands import COMMANDS
from bench.commands.options import DataDirOption, ScenarioArgument, SetOption


@COMMANDS.register("hotspots")
def hotspots(
    scenario: ScenarioArgument,
    arm: Annotated[str, typer.Option("--arm", metavar="NAME", help="The arm.")],
    requests: Annotated[int, typer.Option(min=1, help="Served one by one.")] = 200,
    top: Annotated[int, typer.Option(min=1, help="Functions to print.")] = 15,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The profile, for pstats; hotspots-NAME.pstats without it.")
    ] = None,
    set_: SetOption = None,
    data_dir: DataDirOption = None,
) -> int:
    """Profile one arm of a scenario, outside timed runs: in which functions its time goes."""
    from bench.commands.terminal import Terminal
    from bench.experiments.hotspots import profile_arm
    from bench.scenario_file import Overrides, read_scenario
    from recsys.data.loading import data_dirs_from_environment

    resolved = read_scenario(scenario, Overrides(tuple(set_ or ()), (arm,))).scenario
    terminal, path = Terminal(), out or Path(f"hotspots-{arm}.pstats")
    found = profile_arm(resolved, data_dirs_from_environment(data_dir), requests, path, terminal.progress)
    terminal.show_hotspots(found, top)
    terminal.print(f"profile: {path}")
    return 0
