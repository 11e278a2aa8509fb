"""Several runs in one page, in the style of a single run's and from the same tables, pictures and words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.analysis.comparison import Comparison
from bench.analysis.statements import Statements, Verdict
from bench.report.comparison_picture import draw_comparison
from bench.report.comparison_tables import comparison_table, facts_table
from bench.report.comparison_words import forced, notices, title_of
from bench.report.drawing import Picture, draw_picture
from bench.report.html import page_environment
from bench.report.summary_points import chips
from bench.report.wording import METHOD
from bench.report.writing import FIGURES, write_pictures, write_whole

PAGE = "comparison.html"
SIDE_BY_SIDE = ("quality_cost", "waterfall", "tail", "load_curve")
"""Pictures of every run; the others stand in each run's own report."""


def write_comparison(comparison: Comparison, folder: Path) -> Path:
    """Write comparison.html and its picture into a folder; returns the page's path. Raises OSError."""
    picture = draw_comparison(comparison)
    write_pictures([picture], folder / FIGURES)
    page = folder / PAGE
    write_whole(page, build_comparison(comparison, picture).encode())
    return page


def build_comparison(comparison: Comparison, picture: Picture) -> str:
    """The whole page."""
    return (
        page_environment()
        .get_template("comparison.html.j2")
        .render(
            title=title_of(comparison),
            marks=forced(comparison),
            notices=notices(comparison),
            runs=[_run(name, run) for name, run in zip(comparison.names, comparison.runs, strict=True)],
            arms=comparison_table(comparison),
            picture=picture,
            pictures=_side_by_side(comparison),
            facts=facts_table(comparison),
            method=METHOD,
        )
    )


def _run(name: str, statements: Statements) -> dict[str, Any]:
    run = statements.run
    return {
        "name": name,
        "id": run["id"],
        "answer": statements.answer,
        "chips": chips(statements),
        "findings": [finding for finding in statements.findings if Verdict(finding.verdict) is not Verdict.VALID],
        "started": run["started_utc"],
        "ended": run["ended_utc"],
        "scenario": run["scenario"]["name"],
        "hash": run["scenario_hash"][:8],
    }


def _side_by_side(comparison: Comparison) -> list[tuple[Picture, list[tuple[str, Picture]]]]:
    """(the picture's words, each run's letter and picture), for the pictures that a run has."""
    found = []
    for kind in SIDE_BY_SIDE:
        named = [
            (name, draw_picture(kind, run, with_png=False))
            for name, run in zip(comparison.names, comparison.runs, strict=True)
        ]
        if not all(picture.absent for _, picture in named):
            found.append((named[0][1], named))
    return found
