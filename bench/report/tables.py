"""One table, three outputs: Markdown for a pull request, HTML for the page, rows for the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING

from bench.quantities import MISSING

if TYPE_CHECKING:
    from rich.table import Table as RichTable
    from rich.text import Text as RichText


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one place. interval: "[11.9, 12.8]" or ""; note: why it reads as it does; tone: a CSS class.

    tone: "" or "best", "bad", "quiet". bounds: (low, value, high) behind the text, NaN where there is none.
    """

    text: str = MISSING
    interval: str = ""
    note: str = ""
    tone: str = ""
    bounds: tuple[float, float, float] = (math.nan, math.nan, math.nan)

    @property
    def line(self) -> str:
        """Value and interval on one line: `12.3 [11.9, 12.8]`."""
        return f"{self.text} {self.interval}".strip()


@dataclass(frozen=True, slots=True)
class Column:
    """A column. key: its name in code and CSS; unit: "" for words and pure numbers; group: stands above neighbours."""

    key: str
    title: str
    unit: str = ""
    group: str = ""
    numeric: bool = True

    @property
    def head(self) -> str:
        """Title with its unit: `p50 (ms)`."""
        return f"{self.title} ({self.unit})" if self.unit else self.title

    @property
    def full_head(self) -> str:
        """The head with its group before it, for outputs with one header row."""
        return f"{self.group}: {self.head}" if self.group else self.head


@dataclass(frozen=True, slots=True)
class Row:
    """One line. name: its first cell; tag: "baseline", "reference", "floor" or ""; colour: the arm's, "" for none.

    message: said instead of cells, for an arm that was skipped or failed.
    """

    name: str
    cells: tuple[Cell, ...] = ()
    tag: str = ""
    colour: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a first column of names. notes: sentences under it."""

    caption: str
    name_head: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def groups(self) -> tuple[tuple[str, int], ...]:
        """(group, number of neighbouring columns in it), "" where columns stand alone."""
        return tuple(
            (group, len(list(columns))) for group, columns in groupby(self.columns, lambda column: column.group)
        )

    def only(self, keys: Sequence[str]) -> Table:
        """The same table with these columns, in this order. Raises KeyError for a column it does not have."""
        places = {column.key: place for place, column in enumerate(self.columns)}
        chosen = [places[key] for key in keys]
        rows = [replace(row, cells=tuple(row.cells[i] for i in chosen) if row.cells else ()) for row in self.rows]
        return replace(self, columns=tuple(self.columns[i] for i in chosen), rows=tuple(rows))


def to_markdown(table: Table) -> str:
    """A GitHub table with its caption before it and its notes after it; cell text is escaped."""
    head = [table.name_head, *(column.full_head for column in table.columns)]
    rule = ["---", *("---:" if column.numeric else "---" for column in table.columns)]
    lines = [_markdown_line([escape_markdown(text) for text in head]), _markdown_line(rule)]
    for row in table.rows:
        name = escape_markdown(row.name) + (f" *({row.tag})*" if row.tag else "")
        texts = [cell.line for cell in row.cells] if row.cells else [row.message]
        texts += [""] * (len(table.columns) - len(texts))
        lines.append(_markdown_line([name, *(escape_markdown(text) for text in texts)]))
    parts = [f"**{escape_markdown(table.caption)}**", "\n".join(lines)]
    parts += [escape_markdown(note) for note in table.notes]
    return "\n\n".join(parts)


def escape_markdown(text: str) -> str:
    """Free text such that Markdown shows it as written, on one line: no tables, tags, links or emphasis begin in it."""
    flat = " ".join(text.split())
    return "".join(f"\\{character}" if character in "\\`*_|<>#~$" or character in "[]" and "](" in flat else character
                   for character in flat)  # fmt: skip


def _markdown_line(texts: Sequence[str]) -> str:
    return f"| {' | '.join(texts)} |"


def to_rich(table: Table) -> RichTable:
    """The table for a terminal; intervals stand under their values, notes and absent arms under the table."""
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    absent = [f"{row.name}: {row.message}" for row in table.rows if row.message]
    drawn = RichTable(
        title=Text(table.caption), caption=Text("\n".join([*absent, *table.notes])), box=box.SIMPLE_HEAD,
        title_justify="left", caption_justify="left", header_style="bold", pad_edge=False,
        padding=(0, 2, 0, 0),
    )  # fmt: skip
    drawn.add_column(Text(table.name_head), overflow="fold", min_width=10)
    for place, column in enumerate(table.columns):
        head = "\n".join(part for part in (column.group, *column.head.replace(" (", ", (").split(", ")) if part)
        drawn.add_column(
            Text(head), justify="right" if column.numeric else "left", overflow="fold", no_wrap=column.numeric,
            min_width=_widest(table, place) if column.numeric else None,
        )  # fmt: skip
    for row in table.rows:
        if row.cells:
            name = Text(row.name).append(f" ({row.tag})" if row.tag else "", style="dim")
            drawn.add_row(name, *(_rich_cell(cell) for cell in row.cells))
    return drawn


def _widest(table: Table, place: int) -> int:
    """Characters of the longest line in a column: rich would take its longest word for what it needs."""
    return max((line.cell_len for row in table.rows if row.cells for line in _rich_cell(row.cells[place]).split()),
               default=1)  # fmt: skip


def _rich_cell(cell: Cell) -> RichText:
    """The interval without its space, so that a narrow terminal does not break it."""
    from rich.text import Text

    styles = {"bad": "red", "best": "bold", "quiet": "dim"}
    text = Text(cell.text, style=styles.get(cell.tone, ""))
    return text.append(f"\n{cell.interval.replace(', ', ',')}", style="dim not bold") if cell.interval else text
