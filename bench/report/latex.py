"""A table in LaTeX, for a paper that loads booktabs."""

from __future__ import annotations

from collections.abc import Sequence

from bench.report.tables import Cell, Row, Table

ESCAPES = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "−": "$-$", "–": "--", "×": r"$\times$", "∞": r"$\infty$",
    "Δ": r"$\Delta$", "≤": r"$\leq$", "±": r"$\pm$", "µ": r"$\mu$", "·": r"$\cdot$",
}  # fmt: skip
"""Characters that LaTeX reads otherwise, or that its usual fonts lack."""


def to_latex(table: Table) -> str:
    """A `table` environment: caption, groups of columns above their heads, intervals small behind values, notes last.

    Needs the package booktabs. Best values are bold. All text is escaped.
    """
    columns = "l" + "".join("r" if column.numeric else "l" for column in table.columns)
    head = [table.name_head, *(column.head for column in table.columns)]
    lines = [
        r"\begin{table}",
        rf"\caption{{{escape_latex(table.caption)}}}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        *_groups(table),
        _line([escape_latex(text) for text in head]),
        r"\midrule",
        *(_row(row, len(table.columns)) for row in table.rows),
        r"\bottomrule",
        r"\end{tabular}",
        *(rf"\par\footnotesize {escape_latex(note)}" for note in table.notes),
        r"\end{table}",
    ]
    return "\n".join(lines)


def escape_latex(text: str) -> str:
    """Free text such that LaTeX shows it as written, on one line."""
    return "".join(ESCAPES.get(character, character) for character in " ".join(text.split()))


def _groups(table: Table) -> list[str]:
    """The row of groups above the heads; none where no column has one."""
    if not any(group for group, _ in table.groups):
        return []
    spans = [rf"\multicolumn{{{span}}}{{c}}{{{escape_latex(group)}}}" for group, span in table.groups]
    return [_line(["", *spans])]


def _row(row: Row, n_columns: int) -> str:
    name = escape_latex(f"{row.name} ({row.tag})" if row.tag else row.name)
    if not row.cells:
        return _line([name, rf"\multicolumn{{{n_columns}}}{{l}}{{\emph{{{escape_latex(row.message)}}}}}"])
    return _line([name, *(_cell(cell) for cell in row.cells)])


def _cell(cell: Cell) -> str:
    text = escape_latex(cell.text)
    text = rf"\textbf{{{text}}}" if cell.tone == "best" else text
    return rf"{text} {{\scriptsize {escape_latex(cell.interval)}}}" if cell.interval else text


def _line(texts: Sequence[str]) -> str:
    return " & ".join(texts) + r" \\"
