"""From statements to what people read: page, Markdown, pictures and the terminal's table.

The only room that imports matplotlib and jinja2. It reads statements and decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from bench.analysis.comparison import Comparison
    from bench.analysis.statements import Statements
    from bench.report.comparison_terminal import ComparisonReport
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


def write_comparison(comparison: Comparison, folder: Path) -> Path:
    """Write comparison.html and its picture into an existing folder; returns the page's path. Raises OSError."""
    from bench.report.comparison_page import write_comparison as write

    return write(comparison, folder)


def terminal_comparison(comparison: Comparison) -> ComparisonReport:
    """What `compare` prints."""
    from bench.report.comparison_terminal import ComparisonReport

    return ComparisonReport(comparison)
