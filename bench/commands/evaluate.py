"""Score all eligible users of a scenario's data, untimed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.commands import COMMANDS
from bench.commands.options import ArmOption, DataDirOption, DeviceOption, OutOption, ScenarioArgument, SetOption


@COMMANDS.register("evaluate")
def evaluate(  # noqa: PLR0913 a verb's options are its parameters
    scenario: ScenarioArgument,
    k: Annotated[int | None, typer.Option("--k", min=1, help="Length of the lists; the scenario's without it.")] = None,
    users: Annotated[int | None, typer.Option(min=1, help="Only the first so many users by user id as text.")] = None,
    set_: SetOption = None,
    arm: ArmOption = None,
    device: DeviceOption = None,
    data_dir: DataDirOption = None,
    out: OutOption = Path("results"),
) -> int:
    """Score all eligible users of a scenario's data, untimed, into quality.csv."""
    from bench.commands.terminal import Terminal
    from bench.experiments.evaluate import EvaluationRequest, evaluate_scenario
    from bench.scenario_file import Overrides, read_scenario
    from bench.store import keep_evaluation
    from recsys.data.loading import data_dirs_from_environment

    resolved = read_scenario(scenario, Overrides(tuple(set_ or ()), tuple(arm or ()), device)).scenario
    terminal = Terminal()
    request = EvaluationRequest(resolved, data_dirs_from_environment(data_dir), k, users)
    table = evaluate_scenario(request, terminal.progress)
    terminal.show_quality(table)
    terminal.print(f"\nquality: {keep_evaluation(out, resolved.name, resolved.hash, table)}")
    return 0
