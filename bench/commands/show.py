"""Print what a stored run found."""

from __future__ import annotations

from typing import Annotated

import typer

from bench.commands import COMMANDS
from bench.commands.options import RunArgument
from bench.errors import ConfigError


@COMMANDS.register("show")
def show(
    run: RunArgument,
    as_json: Annotated[bool, typer.Option("--json", help="Everything that is stated, for machines.")] = False,
    latex: Annotated[bool, typer.Option("--latex", help="The tables in LaTeX, with booktabs.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="The tables in Markdown.")] = False,
) -> int:
    """Print what a stored run found."""
    from bench.analysis.conclude import conclude, statements_as_json
    from bench.commands.terminal import Terminal
    from bench.store import load_run

    if as_json + latex + markdown > 1:
        raise ConfigError("show: --json, --latex and --markdown exclude each other. Next: one of them")
    statements = conclude(load_run(run))
    if as_json:
        Terminal().print(statements_as_json(statements))
    elif latex or markdown:
        from bench.report.texts import as_latex, as_markdown

        Terminal().print(as_latex(statements) if latex else as_markdown(statements))
    else:
        Terminal().show(statements)
    return 0
