"""The tables of a run as text that goes into a paper or a pull request."""

from __future__ import annotations

from collections.abc import Callable

from bench.analysis.statements import Statements
from bench.report.arm_tables import load_table, main_table, tax_table
from bench.report.latex import escape_latex, to_latex
from bench.report.quality_table import quality_table
from bench.report.tables import Table, escape_markdown, to_markdown


def as_latex(statements: Statements) -> str:
    """Answer and verdict, then every table, for a document that loads booktabs."""
    return _joined(statements, escape_latex, to_latex)


def as_markdown(statements: Statements) -> str:
    """The same for GitHub."""
    return _joined(statements, escape_markdown, to_markdown)


def tables_of(statements: Statements) -> list[Table]:
    """The tables of a report, in its order."""
    tax = [tax_table(statements)] if len(statements.tax) else []
    return [main_table(statements), *tax, quality_table(statements), load_table(statements)]


def _joined(statements: Statements, escape: Callable[[str], str], write: Callable[[Table], str]) -> str:
    said = escape(f"{statements.answer} Run is {statements.verdict}.")
    return "\n\n".join([said, *(write(table) for table in tables_of(statements))])
