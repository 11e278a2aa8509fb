"""--engine-set KEY=VALUE: an engine's own options, whichever engine it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from bench.errors import ConfigError

EngineSetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--engine-set", metavar="KEY=VALUE", help="An option of the engine, e.g. address=10.0.0.1:6379. Repeatable."
    ),
]


def engine_options(given: Sequence[str] | None) -> dict[str, Any]:
    """By name. Raises ConfigError for what is not of the form."""
    from bench.scenario_file import toml_value

    options = {}
    for word in given or ():
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise ConfigError(f"--engine-set {word}: not of the form key=value. Next: for example workers=4")
        options[name] = toml_value(text)
    return options
