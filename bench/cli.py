"""The command line: collects the verbs of bench.commands and maps errors to exit codes.

0 within limits · 1 a regression, nothing else · 2 bad configuration or usage · 3 contaminated · 4 nothing measured ·
70 an internal error · 130 interrupted.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence

import typer

from bench.commands import COMMANDS
from bench.errors import BenchError
from bench.threads import let_threads_sleep
from recsys.errors import RecsysError

USAGE_EXIT_CODE = 2
INTERNAL_EXIT_CODE = 70
INTERRUPTED_EXIT_CODE = 130


def build_app() -> typer.Typer:
    """The application with all its verbs."""
    app = typer.Typer(
        name="llm-rec-bench",
        help="Measures what a language model costs a recommender in real time, and what it buys.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    for kind in COMMANDS.kinds():
        app.command(name=kind.replace("_", "-"))(COMMANDS.get(kind))
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. arguments: those of the process when None."""
    let_threads_sleep()
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        result = build_app()(args=words, standalone_mode=False)
    except (BenchError, RecsysError) as error:
        _tell(str(error))
        return error.exit_code if isinstance(error, BenchError) else USAGE_EXIT_CODE
    except typer.Abort:
        return _interrupted()
    except KeyboardInterrupt:
        return _interrupted()
    except Exception as error:  # noqa: BLE001 exit code 70 must never be mistaken for a regression's 1
        if hasattr(error, "format_message") and hasattr(error, "exit_code"):  # a usage error of the command line
            _tell(error.format_message())
            return USAGE_EXIT_CODE
        traceback.print_exc()
        _tell("this is a fault of the program; please report it with the lines above")
        return INTERNAL_EXIT_CODE
    if result == INTERRUPTED_EXIT_CODE:  # some versions of typer make this of an interruption, without a word
        return _interrupted()
    return result if isinstance(result, int) else 0


def _interrupted() -> int:
    _tell("interrupted; nothing was kept")
    return INTERRUPTED_EXIT_CODE


def _tell(message: str) -> None:
    sys.stderr.write(f"llm-rec-bench: {message}\n")
