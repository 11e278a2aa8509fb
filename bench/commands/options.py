"""Options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ScenarioArgument = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="A TOML file, or the name of a shipped scenario.")
]
OptionalScenarioArgument = Annotated[
    str | None, typer.Argument(metavar="SCENARIO", help="A TOML file, or the name of a shipped scenario.")
]
RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="A run's folder, or its name in ./results.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Override a value, e.g. requests.k=20 or arm.NAME.device=cuda. Repeatable."
    ),
]
ArmOption = Annotated[list[str] | None, typer.Option("--arm", metavar="NAME", help="Keep only this arm. Repeatable.")]
DeviceOption = Annotated[str | None, typer.Option(help="cpu or cuda:0, for every arm with a model.")]
DataDirOption = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Where data sets lie; then $LLM_REC_BENCH_DATA, then ./data.")
]
OutOption = Annotated[Path, typer.Option(metavar="DIR", help="The folder in which run folders are made.")]
