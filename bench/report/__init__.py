"""From statements to what people read: page, Markdown, pictures and the terminal's table.

The only room that imports matplotlib and jinja2. It reads statements and decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from bench.analysis.statements import Statements
    from bench.report.terminal import TerminalReport


def write_report(statements: Statements, folder: Path) -> Path:
    """Write report.html, report.md and figures/ into an existing run folder; returns the page's path.

    Each file appears whole or not at all. Raises OSError when the folder cannot be written.
    """
    from bench.report.writing import write

    return write(statements, folder)


def terminal_table(statements: Statements) -> TerminalReport:
    """What `run` ends with and `show` prints: for rich's `Console.print`, fitted to the terminal's width."""
    from bench.report.terminal import TerminalReport

    return TerminalReport(statements)
