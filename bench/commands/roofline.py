"""How near a scenario's encoders come to what this machine can do."""

from __future__ import annotations

from typing import Annotated

import typer

from bench.commands import COMMANDS
from bench.commands.json_file import JsonFileOption, require_writable, write_json
from bench.commands.options import ArmOption, DataDirOption, ScenarioArgument, SetOption
from bench.errors import ConfigError


@COMMANDS.register("roofline")
def roofline(  # noqa: PLR0913 a verb's options are its parameters
    scenario: ScenarioArgument,
    arm: ArmOption = None,
    set_: SetOption = None,
    data_dir: DataDirOption = None,
    texts: Annotated[int, typer.Option(min=100, help="Of the catalogue, for each arm.")] = 1000,
    rounds: Annotated[int, typer.Option(min=1, help="Ceilings and arms by turns, so many times.")] = 3,
    seconds: Annotated[float, typer.Option(min=0.1, help="Of each encoder in a round, at least; less is rough.")] = 2.0,
    json_file: JsonFileOption = None,
) -> int:
    """How near a scenario's encoders come to what this machine can do: matrix products and memory.

    Let nothing else run meanwhile. Encoders without a language model, and those that differ in no way from one before,
    are left out.
    """
    from bench.commands.terminal import Terminal
    from bench.experiments.roofline.rounds import measure_roofline
    from bench.experiments.roofline.subjects import catalogue_texts, encoders_of
    from bench.measure.environment import describe_environment
    from bench.measure.knobs.threads import default_threads
    from bench.scenario_file import Overrides, read_scenario
    from recsys.data.loading import data_dirs_from_environment

    require_writable(json_file)
    asked = read_scenario(scenario, Overrides(tuple(set_ or ()), tuple(arm or ()))).scenario
    arms = encoders_of(asked)
    if not arms:
        raise ConfigError(
            f"scenario {asked.name}: no arm has a language model that can be built here. Next: llm-rec-bench list"
        )
    terminal = Terminal()
    sample = catalogue_texts(asked, data_dirs_from_environment(data_dir), texts)
    threads = arms[0].threads or default_threads() or 1
    found = measure_roofline(arms, sample, threads, rounds, seconds, terminal.progress)
    terminal.show_roofline(found)
    if json_file is not None:
        write_json(json_file, found.as_json() | {"environment": describe_environment()})
    return 0
