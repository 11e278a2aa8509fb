"""Measure a scenario and write its report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.commands import COMMANDS
from bench.commands.engine_options import EngineSetOption, engine_options
from bench.commands.options import (
    ArmOption,
    DataDirOption,
    DeviceOption,
    OptionalScenarioArgument,
    OutOption,
    SetOption,
)
from bench.errors import ConfigError

if TYPE_CHECKING:
    from bench.measure.generators import EngineChoice
    from bench.resumption import Kept
    from bench.scenario_file import Overrides, ScenarioFile


@COMMANDS.register("run")
def run(  # noqa: PLR0913 a verb's options are its parameters
    scenario: OptionalScenarioArgument = None,
    set_: SetOption = None,
    arm: ArmOption = None,
    device: DeviceOption = None,
    data_dir: DataDirOption = None,
    out: OutOption = Path("results"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would take, and measure nothing.")] = False,
    keep_texts: Annotated[
        bool, typer.Option("--keep-texts", help="Store what users typed and their histories too: personal data.")
    ] = False,
    resume: Annotated[
        str | None,
        typer.Option(
            metavar="RUN",
            help="Go on with a run that was stopped or killed: measure its missing blocks, keep the others.",
        ),
    ] = None,
    duration: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="A soak: hold one rate for so long, e.g. 30m, and look at what grows."),
    ] = None,
    engine: Annotated[
        str | None, typer.Option(help="Who offers scheduled requests: local, the worker itself; ray, over HTTP.")
    ] = None,
    generators: Annotated[int | None, typer.Option(min=1, help="As many processes that offer them; with ray.")] = None,
    engine_set: EngineSetOption = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 3 when the run is INVALID, 4 when an arm failed.")
    ] = False,
) -> int:
    """Measure a scenario and write its report."""
    from bench.commands.terminal import Terminal
    from bench.measure.generators import built_engine
    from bench.measure.soak import parse_duration_s
    from bench.scenario_file import Overrides
    from recsys.data.loading import data_dirs_from_environment

    soak = (f"soak_s={parse_duration_s(duration):g}",) if duration else ()
    kept, file = _source(scenario, resume, Overrides((*(set_ or ()), *soak), tuple(arm or ()), device))
    data_dirs = data_dirs_from_environment(data_dir)
    choice = _engine_choice(kept, engine, generators, engine_options(engine_set))
    built_engine(choice, file.scenario)
    terminal = Terminal()
    if dry_run:
        from bench.experiments.forecast import forecast

        terminal.print(forecast(file.scenario, data_dirs).as_text())
        return 0
    from bench.experiments.measure import measure
    from bench.runner import RunRequest

    measured = measure(RunRequest(file, data_dirs, out, keep_texts, kept, choice), terminal.progress)
    terminal.conclude(measured)
    return measured.exit_code(strict=strict)


def _source(scenario: str | None, resume: str | None, overrides: Overrides) -> tuple[Kept | None, ScenarioFile]:
    """What to measure: a scenario, or the rest of a run that was left. Raises ConfigError unless it is one of both."""
    from bench.resumption import read_kept
    from bench.scenario_file import Overrides, read_scenario

    if (scenario is None) == (resume is None):
        raise ConfigError(
            "run: either SCENARIO or --resume RUN is needed, not both. Next: llm-rec-bench list names the scenarios"
        )
    if resume is None:
        return None, read_scenario(str(scenario), overrides)
    if overrides != Overrides():
        raise ConfigError(
            "run: --resume goes on with the run's own scenario. Next: leave out --set, --arm, --device and --duration"
        )
    kept = read_kept(resume)
    return kept, kept.file


def _engine_choice(
    kept: Kept | None, engine: str | None, generators: int | None, options: dict[str, Any]
) -> EngineChoice:
    """What was asked for; where nothing was, what the run had that is gone on with, its options on the same engine."""
    from bench.measure.generators import EngineChoice

    before = kept.generation if kept else EngineChoice().entry
    kind = engine or before["engine"]
    kept_options = before["options"] if kind == before["engine"] else {}
    return EngineChoice(kind, generators or before["generators"], options or kept_options)
