"""Encode a scenario's catalogue once, into shards that an index can be built from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.commands import COMMANDS
from bench.commands.engine_options import EngineSetOption, engine_options
from bench.commands.json_file import JsonFileOption, require_writable, write_json
from bench.commands.options import DataDirOption, DeviceOption, ScenarioArgument, SetOption


@COMMANDS.register("encode_catalogue")
def encode_catalogue(  # noqa: PLR0913 a verb's options are its parameters
    scenario: ScenarioArgument,
    arm: Annotated[str, typer.Option("--arm", metavar="NAME", help="Whose encoder.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the shards go; what is there already stays.")],
    engine: Annotated[str, typer.Option(help="Who encodes them: local, ray.")] = "local",
    engine_set: EngineSetOption = None,
    shard_texts: Annotated[int, typer.Option(min=1, help="Different texts a shard.")] = 4096,
    set_: SetOption = None,
    device: DeviceOption = None,
    data_dir: DataDirOption = None,
    json_file: JsonFileOption = None,
) -> int:
    """Encode a scenario's catalogue once, into shards that an index can be built from.

    Each different text is encoded once, the longest first. A call that was interrupted is made again as it was: it
    makes the shards that are missing, and the files are the same to the last byte. Vectors of another scenario, arm,
    model or catalogue in the same folder are refused.
    """
    from bench.commands.terminal import Terminal
    from bench.experiments.encode_catalogue.study import EncodingRequest, encode_into
    from bench.scenario_file import Overrides, read_scenario
    from recsys.data.loading import data_dirs_from_environment

    require_writable(json_file)
    asked = read_scenario(scenario, Overrides(tuple(set_ or ()), (arm,), device)).scenario
    data_dirs = tuple(data_dirs_from_environment(data_dir))
    request = EncodingRequest(asked, data_dirs, out, engine, shard_texts, engine_options(engine_set))
    terminal = Terminal()
    with terminal.progress_bar("texts") as progress:
        found = encode_into(request, progress)
    terminal.print(found.sentence)
    if json_file is not None:
        write_json(json_file, found.as_json())
    return 0
