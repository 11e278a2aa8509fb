"""What each index costs and keeps as the catalogue grows."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands import COMMANDS
from bench.commands.json_file import JsonFileOption, require_writable, write_json
from bench.errors import ConfigError

if TYPE_CHECKING:
    from bench.analysis.index_ladder import Rung


@COMMANDS.register("index_ladder")
def index_ladder(  # noqa: PLR0913 a verb's options are its parameters
    sizes: Annotated[
        str, typer.Option(metavar="ITEMS", help="Sizes of the catalogue, with commas between.")
    ] = "10000,100000,1000000",
    queries: Annotated[int, typer.Option(min=10, help="Of a round, for each index and size.")] = 200,
    rounds: Annotated[int, typer.Option(min=1, help="All indexes by turns, so many times.")] = 3,
    threads: Annotated[int, typer.Option(min=1, help="Of a search, and of the sum that it is held against.")] = 1,
    index: Annotated[
        list[str] | None, typer.Option("--index", metavar="NAME", help="Keep only this index. Repeatable.")
    ] = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write one line an index and size.")
    ] = None,
    json_file: JsonFileOption = None,
) -> int:
    """What each index costs and keeps as the catalogue grows: build, add, search, memory, fidelity.

    A million items take minutes and 4 GB of memory; the graph of faiss is left out there. Let nothing else run
    meanwhile.
    """
    from bench.commands.terminal import Terminal
    from bench.experiments.index_ladder.rounds import Climb, measure_index_ladder
    from bench.experiments.index_ladder.subjects import buildable
    from bench.measure.environment import describe_environment

    wanted, chosen = _sizes(sizes), buildable(index or ())
    for path in (json_file, csv_file):
        require_writable(path)
    terminal = Terminal()
    found = measure_index_ladder(Climb(wanted, chosen, threads, queries, rounds), terminal.progress)
    terminal.show_index_ladder(found)
    if csv_file is not None:
        _write_csv(csv_file, found.rungs)
    if json_file is not None:
        write_json(json_file, found.as_json() | {"environment": describe_environment()})
    return 0


def _sizes(text: str) -> tuple[int, ...]:
    """Raise ConfigError unless it is whole positive numbers with commas between, each once."""
    words = text.split(",")
    sizes = tuple(int(word) for word in words if word.strip().isdecimal())
    if len(sizes) < len(words) or len(set(sizes)) < len(sizes) or 0 in sizes:
        raise ConfigError(
            f'--sizes "{text}": whole numbers above 0 are wanted, each once. Next: for example 10000,100000'
        )
    return sizes


def _write_csv(path: Path, rungs: Sequence[Rung]) -> None:
    """Empty where something was not measured."""
    rows = [rung.as_json() for rung in rungs]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
