"""Measure a scenario and write its report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.commands import COMMANDS
from bench.commands.options import ArmOption, DataDirOption, DeviceOption, OutOption, ScenarioArgument, SetOption


@COMMANDS.register("run")
def run(  # noqa: PLR0913 a verb's options are its parameters
    scenario: ScenarioArgument,
    set_: SetOption = None,
    arm: ArmOption = None,
    device: DeviceOption = None,
    data_dir: DataDirOption = None,
    out: OutOption = Path("results"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would take, and measure nothing.")] = False,
    keep_texts: Annotated[
        bool, typer.Option("--keep-texts", help="Store what users typed and their histories too: personal data.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 3 when the run is INVALID, 4 when an arm failed.")
    ] = False,
) -> int:
    """Measure a scenario and write its report."""
    from bench.commands.terminal import Terminal
    from bench.scenario_file import Overrides, read_scenario
    from recsys.data.loading import data_dirs_from_environment

    file = read_scenario(scenario, Overrides(tuple(set_ or ()), tuple(arm or ()), device))
    data_dirs = data_dirs_from_environment(data_dir)
    terminal = Terminal()
    if dry_run:
        from bench.experiments.forecast import forecast

        terminal.print(forecast(file.scenario, data_dirs).as_text())
        return 0
    from bench.experiments.measure import measure
    from bench.runner import RunRequest

    measured = measure(RunRequest(file, data_dirs, out, keep_texts), terminal.progress)
    terminal.conclude(measured)
    return measured.exit_code(strict=strict)
