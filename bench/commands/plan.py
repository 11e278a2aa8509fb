"""What a rate would take: replicas, batches, memory, cost; the error of the simulation behind it is printed first."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.commands import COMMANDS
from bench.commands.json_file import JsonFileOption, require_writable, write_json, write_text
from bench.commands.options import ArmOption, DataDirOption, OutOption, ScenarioArgument, SetOption


@COMMANDS.register("plan")
def plan(  # noqa: PLR0913 a verb's options are its parameters
    scenario: ScenarioArgument,
    rate: Annotated[float, typer.Option(min=0.001, metavar="RATE", help="Requests a second to plan for.")],
    slo: Annotated[
        str, typer.Option(metavar="LIMIT", help="For example p99_ms=100, p95_ms or p90_ms; the scenario's without it.")
    ] = "",
    items: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Items of the catalogue to plan for; the scenario's own.")
    ] = None,
    share: Annotated[
        float, typer.Option(min=0.05, max=1.0, help="Of a replica's capacity, planned for and checked.")
    ] = 0.8,
    point_s: Annotated[float, typer.Option(min=0.1, help="Seconds of a measured point.")] = 60.0,
    arm: ArmOption = None,
    set_: SetOption = None,
    data_dir: DataDirOption = None,
    out: OutOption = Path("results"),
    markdown: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it for a pull request.")] = None,
    json_file: JsonFileOption = None,
) -> int:
    """What a rate would take: replicas, batches, memory, cost. How far the simulation was off is printed first.

    Each arm is measured for about six minutes: service times by batch size, and points under load, most of which are
    held out and predicted. Let nothing else run meanwhile.
    """
    from bench.analysis.capacity.slo import parse_slo
    from bench.commands.terminal import Terminal
    from bench.experiments.plan.budget import Budget
    from bench.experiments.plan.keeping import describe_plan, keep_plan
    from bench.experiments.plan.study import Asked, make_plan
    from bench.report.plan_tables import plan_markdown
    from bench.scenario_file import Overrides, read_scenario
    from recsys.data.loading import data_dirs_from_environment

    resolved = read_scenario(scenario, Overrides(tuple(set_ or ()), tuple(arm or ()))).scenario
    asked = Asked(rate, parse_slo(slo or f"p99_ms={resolved.slo.p99_ms:g}"), items)
    require_writable(json_file)
    require_writable(markdown, "--markdown")
    terminal = Terminal()
    found = make_plan(resolved, data_dirs_from_environment(data_dir), asked, Budget(point_s, share), terminal.progress)
    content = describe_plan(found, resolved)
    folder = keep_plan(found, content, out)
    if json_file is not None:
        write_json(json_file, content)
    if markdown is not None:
        write_text(markdown, plan_markdown(found), "--markdown")
    terminal.show_plan(found)
    terminal.print(f"plan:    {folder / 'plan.html'}")
    return 0
