"""Say whether a change made an arm slower: with an exit code for CI, and a known rate of false alarms."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands import COMMANDS
from bench.commands.json_file import JsonFileOption, require_writable, write_json, write_text
from bench.commands.options import DataDirOption, ScenarioArgument, SetOption
from bench.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.analysis.gate.samples import ProcessSample
    from bench.analysis.gate.statement import GateResult
    from bench.experiments.gate.request import GateRequest


@COMMANDS.register("gate")
def gate(  # noqa: PLR0913 a verb's options are its parameters
    scenario: ScenarioArgument,
    against: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A baseline that --save-baseline wrote on this machine.")
    ] = None,
    base: Annotated[str | None, typer.Option(metavar="REV", help="The git revision to be held against.")] = None,
    head: Annotated[
        str | None, typer.Option(metavar="REV", help="The git revision judged; the code as it lies.")
    ] = None,
    save_baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Measure the arms' ratios several times, and keep them.")
    ] = None,
    simulate: Annotated[
        int, typer.Option(min=0, metavar="N", help="After a gate of equals: the rates of N simulated ones.")
    ] = 0,
    markdown: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it for a pull request.")] = None,
    set_: SetOption = None,
    data_dir: DataDirOption = None,
    json_file: JsonFileOption = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 3 when nothing can be told, 4 without an arm.")
    ] = False,
) -> int:
    """Say whether a change made an arm slower.

    Two revisions (--base, --head), stored ratios (--against), or without either the scenario as it is against the
    scenario with --set. What is set holds for head alone. Exit code 1 means a regression and nothing else.
    """
    from bench.analysis.gate.simulation import simulated_rates
    from bench.commands.terminal import Terminal
    from bench.experiments.gate.request import GateRequest
    from bench.experiments.gate.stored import measure_baseline, write_baseline
    from bench.report.gate_table import gate_markdown
    from bench.scenario_file import read_scenario
    from recsys.data.loading import data_dirs_from_environment

    _require_one(against, base, save_baseline, simulate)
    require_writable(json_file)
    require_writable(markdown, "--markdown")
    file = read_scenario(scenario)
    asked = GateRequest(file.scenario, file.text, tuple(set_ or ()), data_dirs_from_environment(data_dir), base, head)
    terminal = Terminal()
    if save_baseline is not None:
        write_baseline(save_baseline, measure_baseline(asked, terminal.progress))
        terminal.print(f"baseline: {save_baseline}")
        return 0
    result, samples = _measured(asked, against, _command(scenario, against, asked), terminal.progress)
    terminal.show_gate(result)
    content = result.as_json(strict=strict)
    if simulate:
        rates = simulated_rates(samples, asked.limits, asked.design, simulate, asked.scenario.seed)
        terminal.show_gate_rates(rates)
        content["simulated"] = [each.as_json() for each in rates]
    if markdown is not None:
        write_text(markdown, gate_markdown(result), "--markdown")
    if json_file is not None:
        write_json(json_file, content)
    return result.exit_code(strict=strict)


def _measured(
    asked: GateRequest, against: Path | None, command: str, say: Callable[[str], None]
) -> tuple[GateResult, list[ProcessSample]]:
    """Two sides, or one and stored ratios. command: what repeats it."""
    from bench.experiments.gate.gate import gate_baseline, gate_sides
    from bench.experiments.gate.stored import read_baseline

    if against is None:
        return gate_sides(asked, command, say)
    return gate_baseline(asked, read_baseline(against, asked), command, say)


def _require_one(against: Path | None, base: str | None, save_baseline: Path | None, simulate: int) -> None:
    """Raise ConfigError where options contradict each other."""
    if sum(option is not None for option in (against, base, save_baseline)) > 1:
        raise ConfigError("--against, --base and --save-baseline each mean another comparison. Next: give one of them")
    if simulate and against is not None:
        raise ConfigError("--simulate takes the two sides of --base, or none. Next: leave --against out")


def _command(scenario: str, against: Path | None, asked: GateRequest) -> str:
    """What repeats it."""
    options = {"--against": against and str(against), "--base": asked.base, "--head": asked.head}
    words = [word for option, value in options.items() if value for word in (option, value)]
    words += [word for override in asked.overrides for word in ("--set", override)]
    return shlex.join(["llm-rec-bench", "gate", scenario, *words])
