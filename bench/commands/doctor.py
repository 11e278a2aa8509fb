"""Look at the machine before measuring: where its knobs stand, and how much equal arms differ on it."""

from __future__ import annotations

from typing import Annotated

import typer

from bench.commands import COMMANDS
from bench.commands.json_file import JsonFileOption, require_writable, write_json
from bench.commands.options import DataDirOption, SetOption
from bench.errors import ConfigError


@COMMANDS.register("doctor")
def doctor(  # noqa: PLR0913 a verb's options are its parameters
    scenario: Annotated[
        str | None, typer.Argument(metavar="SCENARIO", help="With --aa: where the arm is from; without it quickstart.")
    ] = None,
    aa: Annotated[bool, typer.Option("--aa", help="Measure one arm against itself: about a minute.")] = False,
    arm: Annotated[
        str | None, typer.Option(metavar="NAME", help="With --aa: the arm; without it the baseline.")
    ] = None,
    processes: Annotated[int, typer.Option(min=2, help="With --aa: restarts of each arm.")] = 6,
    blocks: Annotated[int, typer.Option(min=4, help="With --aa: blocks, over all processes.")] = 12,
    requests: Annotated[int, typer.Option(min=40, help="With --aa: requests of each arm.")] = 1200,
    set_: SetOption = None,
    data_dir: DataDirOption = None,
    json_file: JsonFileOption = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 3 when a knob is BAD.")] = False,
) -> int:
    """Look at the machine before measuring: where its knobs stand, and how much equal arms differ on it."""
    from bench.commands.terminal import Terminal
    from bench.experiments.doctor import examine

    if not aa and (scenario or arm or set_):
        raise ConfigError("SCENARIO, --arm and --set say what is measured against itself. Next: add --aa")
    require_writable(json_file)
    terminal = Terminal()
    diagnosis = examine()
    terminal.show_diagnosis(diagnosis)
    content = diagnosis.as_json()
    if aa:
        from bench.experiments.equal_arms import DEFAULT_SCENARIO, measure_equal_arms, twins
        from bench.scenario_file import Overrides, read_scenario
        from recsys.data.loading import data_dirs_from_environment

        asked = read_scenario(scenario or DEFAULT_SCENARIO, Overrides(tuple(set_ or ()))).scenario
        equal = twins(asked, arm, processes, blocks, requests)
        found = measure_equal_arms(equal, data_dirs_from_environment(data_dir), terminal.progress)
        terminal.show_equal_arms(found)
        content["equal_arms"] = found.as_json()
    if json_file is not None:
        write_json(json_file, content)
    return diagnosis.exit_code(strict=strict)
