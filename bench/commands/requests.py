"""Write the requests of a scenario to a file that replays them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.commands import COMMANDS
from bench.commands.options import ArmOption, DataDirOption, ScenarioArgument, SetOption


@COMMANDS.register("requests")
def requests(
    scenario: ScenarioArgument,
    out: Annotated[Path, typer.Option(metavar="FILE", help="A new file ending in .csv, .csv.gz or .parquet.")],
    set_: SetOption = None,
    arm: ArmOption = None,
    data_dir: DataDirOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there already.")] = False,
) -> int:
    """Write the requests of a scenario to a file that replays them.

    The file holds the users' own ids and words, as the data has them: treat it like the data. A run of the scenario
    with --set requests.kind=file --set requests.path=FILE then serves exactly these requests; FILE is looked up where
    data sets are.
    """
    from bench.commands.terminal import Terminal
    from bench.experiments.write_requests import write_requests
    from bench.scenario_file import Overrides, read_scenario
    from recsys.data.loading import data_dirs_from_environment

    resolved = read_scenario(scenario, Overrides(tuple(set_ or ()), tuple(arm or ()))).scenario
    trace = write_requests(resolved, data_dirs_from_environment(data_dir), out, overwrite=force)
    counted = ", ".join(f"{n:,} {kind}" for kind, n in trace.counts().items())
    Terminal().print(f"{out}: {len(trace):,} requests: {counted}\ntrace sha256: {trace.sha256}")
    return 0
