"""Measure the instrument itself: its cost, its lateness, and whether it finds answers that are known."""

from __future__ import annotations

from typing import Annotated

import typer

from bench.commands import COMMANDS
from bench.commands.json_file import JsonFileOption, require_writable, write_json
from bench.errors import ConfigError


@COMMANDS.register("calibrate")
def calibrate(
    json_file: JsonFileOption = None,
    rates: Annotated[
        str, typer.Option(metavar="PER_S", help="Rates of the null system, with commas between.")
    ] = "100,1000,5000",
    seconds: Annotated[float, typer.Option(min=0.1, help="For each point of the null system.")] = 5.0,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer requests for known answers: wider bounds.")] = False,
    skip_loadgen: Annotated[
        bool, typer.Option("--skip-loadgen", help="Do not run MLPerf LoadGen beside it where it is installed.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of arrivals and service times.")] = 0,
) -> int:
    """Measure the instrument itself: its cost, its lateness, and whether it finds answers that are known.

    Takes four minutes with LoadGen, three without, seconds with --quick --seconds 0.5; let nothing else run meanwhile.
    """
    from bench.commands.terminal import Terminal
    from bench.experiments import calibrate as experiment
    from bench.experiments.calibration.rounds import FloorPlan

    require_writable(json_file)
    plan = FloorPlan(_rates(rates), seconds, seed)
    queues = experiment.KNOWN_QUEUES
    if quick:
        queues = tuple(experiment.quick(queue) for queue in queues)
    terminal = Terminal()
    found = experiment.calibrate(plan, queues, terminal.progress, with_loadgen=not skip_loadgen)
    terminal.show_calibration(found)
    if json_file is not None:
        write_json(json_file, found.as_json())
    return 0


def _rates(text: str) -> tuple[float, ...]:
    """Raise ConfigError unless it is positive numbers with commas between, each once."""
    try:
        rates = tuple(float(word) for word in text.split(","))
    except ValueError:
        rates = ()
    if not rates or len(set(rates)) < len(rates) or not all(0 < rate < float("inf") for rate in rates):
        raise ConfigError(f'--rates "{text}": positive numbers are wanted, each once. Next: for example 100,1000,5000')
    return rates
