"""The checks against results from elsewhere, in words: those that were made one by one, the others on one line."""

from __future__ import annotations

from bench.analysis.statements import Outcome, OutsideCheck, Statements


def made(statements: Statements) -> list[OutsideCheck]:
    """The checks that passed or failed."""
    return [check for check in statements.outside if check.outcome is not Outcome.NOT_TESTABLE]


def not_testable(statements: Statements) -> str:
    """The others, each with what is missing; "" where there are none."""
    others = [check for check in statements.outside if check.outcome is Outcome.NOT_TESTABLE]
    return "; ".join(f"{check.name} ({check.claim}: {check.message})" for check in others)


def said(check: OutsideCheck) -> str:
    """The claim, and what was seen."""
    return f"{check.name}, {check.claim}: {check.message}."
