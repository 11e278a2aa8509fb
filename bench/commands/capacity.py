"""The highest open-loop rate at which an arm keeps the SLO, with an interval and a confirming run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.commands import COMMANDS
from bench.commands.json_file import JsonFileOption, require_writable, write_json
from bench.commands.options import DataDirOption, OutOption, ScenarioArgument, SetOption


@COMMANDS.register("capacity")
def capacity(  # noqa: PLR0913 a verb's options are its parameters
    scenario: ScenarioArgument,
    arm: Annotated[str, typer.Option("--arm", metavar="NAME", help="The arm.")],
    slo: Annotated[
        str, typer.Option(metavar="LIMIT", help="For example p99_ms=100, p95_ms or p90_ms; the scenario's without it.")
    ] = "",
    probes: Annotated[int, typer.Option(min=2, help="At most so many probes.")] = 24,
    budget_s: Annotated[float | None, typer.Option(min=1.0, help="At most so many seconds of load.")] = None,
    probe_s: Annotated[float, typer.Option(min=0.1, help="Seconds of a probe near the capacity.")] = 30.0,
    tolerance: Annotated[
        float, typer.Option(min=0.001, max=0.5, help="End when the range reaches this ratio to both sides.")
    ] = 0.05,
    first_per_s: Annotated[
        float | None, typer.Option("--from", min=0.001, metavar="RATE", help="Of the first probe; half of offline.")
    ] = None,
    set_: SetOption = None,
    data_dir: DataDirOption = None,
    out: OutOption = Path("results"),
    json_file: JsonFileOption = None,
) -> int:
    """The highest open-loop rate at which an arm keeps the SLO, with an interval and a confirming run."""
    from bench.analysis.capacity.slo import parse_slo
    from bench.commands.terminal import Terminal
    from bench.errors import Stopped
    from bench.experiments.arm_worker import Subject
    from bench.experiments.capacity.keeping import describe, keep_capacity
    from bench.experiments.capacity.study import Budget, measure_capacity
    from bench.scenario_file import Overrides, read_scenario
    from recsys.data.loading import data_dirs_from_environment

    resolved = read_scenario(scenario, Overrides(tuple(set_ or ()), (arm,))).scenario
    limit = parse_slo(slo or f"p99_ms={resolved.slo.p99_ms:g}")
    require_writable(json_file)
    terminal = Terminal()
    subject = Subject(resolved, resolved.arm[0], data_dirs_from_environment(data_dir))
    budget = Budget(first_per_s, probes, budget_s, tolerance, probe_s)
    found = measure_capacity(subject, limit, budget, terminal.progress)
    content = describe(found, subject)
    folder = keep_capacity(found, content, out)
    if json_file is not None:
        write_json(json_file, content)
    if found.is_stopped:
        raise Stopped(folder)
    terminal.show_capacity(found)
    terminal.print(f"curve:   {folder}")
    return 0
