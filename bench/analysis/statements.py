"""What a run states: the tables, the verdict and the answer that every output is made from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


class Verdict(StrEnum):
    """How far a run trusts itself."""

    VALID = "VALID"
    DEGRADED = "DEGRADED"
    INVALID = "INVALID"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a validity check found. where: the arm, load or machine it concerns; advice: what to do about it."""

    check: str
    verdict: Verdict
    where: str
    message: str
    advice: str = ""


class Outcome(StrEnum):
    """What became of a check against results from elsewhere."""

    PASS = "pass"
    FAIL = "fail"
    NOT_TESTABLE = "not testable here"


@dataclass(frozen=True, slots=True)
class OutsideCheck:
    """A result from elsewhere that this run should show too. claim: the result; message: what was seen, or is missing.

    A failed check is no proof of a fault: this data and this machine are others.
    """

    name: str
    claim: str
    outcome: Outcome
    message: str


@dataclass(frozen=True, slots=True)
class Statements:
    """Everything a report says of one run.

    run: the parsed run.json. requests: one row a request (requests.parquet). summary: one row an arm, load point and
    request kind. stages: ms a stage around p50, p99 and in the mean. quality: one row an arm or floor, group, metric.
    tax: one row an arm and load point, differences to the baseline. soak: one row an arm and quantity that should not
    grow, empty where the run was no soak. answer: the report's first sentence. outside: the
    checks against results from elsewhere.
    """

    run: dict[str, Any]
    requests: pd.DataFrame
    summary: pd.DataFrame
    stages: pd.DataFrame
    quality: pd.DataFrame
    tax: pd.DataFrame
    soak: pd.DataFrame
    answer: str
    verdict: Verdict
    findings: tuple[Finding, ...]
    outside: tuple[OutsideCheck, ...] = ()
