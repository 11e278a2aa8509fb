"""Why a list reads as it does, as tables: the parts of each score, and the nearest events of the user's history."""

from __future__ import annotations

from datetime import UTC, datetime

from bench.analysis.explained import ExplainedRequest
from bench.report.tables import Cell, Column, Row, Table
from recsys.explanation import ExplainedItem, Neighbour

LONGEST_TITLE = 48
"""Characters of a title in a table."""


def heading(found: ExplainedRequest) -> str:
    """Who asked what, and when."""
    told = found.explanation
    asked = f'typed "{told.query}"' if told.query else "typed nothing"
    return (
        f"request {found.row} of {found.run} ({found.load}), {found.label}\n"
        f"user {found.user}, {_minute(found.timestamp_s)}, {asked}; "
        f"the profile is made of {len(told.history)} events"
    )


def parts_table(found: ExplainedRequest) -> Table:
    """One row an item: its score and what each part adds to it."""
    items = found.explanation.items
    columns = [Column("score", "score"), Column("text", "text similarity")]
    for part in items[0].parts if items else ():
        columns.append(Column(part.name, "weight · value", group=part.name))
    notes = []
    if found.reranking:
        notes.append(
            f"Score and order are {found.reranking}'s; the parts are of the ranker's score, which chose for it."
        )
    if found.explanation.query:
        notes.append("The words that were typed stand for the user: the history has no part in the text similarity.")
    rows = [Row(f"{place}. {_short(item.title)}", _cells(item)) for place, item in enumerate(items, 1)]
    return Table("What each score is made of", "recommended", tuple(columns), tuple(rows), tuple(notes))


def nearest_table(found: ExplainedRequest) -> Table:
    """One row an item and event: the nearest items of the history, and how the user met them."""
    columns = (
        Column("event", "nearest in the history", numeric=False),
        Column("similarity", "similarity"),
        Column("kind", "event", numeric=False),
        Column("when", "when", numeric=False),
        Column("weight", "share of the profile"),
    )
    rows = []
    for place, item in enumerate(found.explanation.items, 1):
        for first, near in enumerate(item.nearest):
            rows.append(Row(f"{place}. {_short(item.title)}" if not first else "", _near_cells(near)))
    notes = () if rows else ("The user has no history at that moment.",)
    return Table("The events that lie nearest, in this arm's own vectors", "recommended", columns, tuple(rows), notes)


def _cells(item: ExplainedItem) -> tuple[Cell, ...]:
    shares = [Cell(_number(part.share), f"{_number(part.weight)} · {_number(part.value)}") for part in item.parts]
    return Cell(_number(item.score)), Cell(_number(item.text_similarity)), *shares


def _near_cells(near: Neighbour) -> tuple[Cell, ...]:
    event = near.event
    texts = (
        _short(event.title), _number(near.similarity), event.kind.name.lower(), _minute(event.timestamp_s),
        f"{100 * event.weight:.1f} %",
    )  # fmt: skip
    return tuple(Cell(text) for text in texts)


def _number(value: float) -> str:
    return f"{value:.4g}"


def _short(title: str) -> str:
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…"


def _minute(timestamp_s: int) -> str:
    return datetime.fromtimestamp(timestamp_s, UTC).strftime("%Y-%m-%d %H:%M")
