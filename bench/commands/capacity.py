"""The highest open-loop rate at which an arm keeps the SLO, with an interval and a confirming run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.commands import COMMANDS
from bench.commands.options import DataDirOption, OutOption, ScenarioArgument, SetOption


@COMMANDS.register("capacity")
def capacity(  # noqa: PLR0913 a verb's options are its parameters
    scenario: ScenarioArgument,
    arm: Annotated[str, typer.Option("--arm", metavar="NAME", help="The arm.")],
    slo: Annotated[str, typer.Option(metavar="pNN_ms=LIMIT", help="Default: the scenario's p99_ms.")] = "",
    set_: SetOption = None,
    data_dir: DataDirOption = None,
    out: OutOption = Path("results"),
    probes: Annotated[int, typer.Option(min=2, help="At most so many probes.")] = 24,
    probe_s: Annotated[float, typer.Option(min=0.1, help="Seconds of a probe near the capacity.")] = 30.0,
    budget_s: Annotated[float | None, typer.Option(min=1.0, help="At most so many seconds of load.")] = None,
    first_per_s: Annotated[float | None, typer.Option("--from", min=0.001, help="Rate of the first probe.")] = None,
) -> int:
    """The highest open-loop rate at which an arm keeps the SLO, with an interval and a confirming run."""
    from bench.analysis.capacity.slo import parse_slo
    from bench.commands.terminal import Terminal
    from bench.errors import NothingMeasured
    from bench.experiments.capacity.arm_probe import Subject
    from bench.experiments.capacity.statement import Budget, measure_capacity
    from bench.measure.pool import ArmFailed
    from bench.scenario_file import Overrides, read_scenario
    from bench.store import keep_capacity
    from recsys.data.loading import data_dirs_from_environment

    file = read_scenario(scenario, Overrides(tuple(set_ or ()), (arm,)))
    wanted = parse_slo(slo or f"p99_ms={file.scenario.slo.p99_ms:g}")
    terminal = Terminal()
    subject = Subject(file.scenario, file.scenario.arm[0], data_dirs_from_environment(data_dir))
    try:
        found = measure_capacity(
            subject, wanted, Budget(first_per_s, probes, budget_s, probe_s=probe_s), terminal.progress
        )
    except ArmFailed as error:
        raise NothingMeasured(f'arm "{arm}" could not be measured: {error.reason}') from error
    terminal.print(found.sentence)
    terminal.print(f"curve:   {keep_capacity(out, file.scenario.name, file.scenario.hash, found.as_json())}")
    return 0
