"""A plan as one page, in the style of a run's: error first, then what is asked for, then pictures."""

from __future__ import annotations

from collections.abc import Sequence

from bench.analysis.plan.held_out import TRUSTED_ERROR, largest_error
from bench.analysis.plan.statement import Plan
from bench.report.drawing import Picture
from bench.report.html import page_environment
from bench.report.plan_tables import breaks_table, error_table, needs_table
from bench.report.plan_words import method, title_of


def build_plan_page(plan: Plan, pictures: Sequence[Picture], footer: str) -> str:
    """The whole page, without scripts or addresses. footer: what it was measured with."""
    points = [point for arm in plan.arms for point in arm.checks]
    check, *others = pictures
    return (
        page_environment()
        .get_template("plan.html.j2")
        .render(
            title=title_of(plan),
            error=plan.error_sentence,
            is_trusted=largest_error(points) <= TRUSTED_ERROR,
            answer=plan.sentence,
            errors=error_table(plan),
            needs=needs_table(plan),
            breaks=breaks_table(plan),
            check=check,
            pictures=others,
            method=method(plan),
            footer=footer,
        )
    )
