"""From a stored run to all that is said of it. Report, terminal and files are made from what this returns."""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.analysis.answer import answer
from bench.analysis.outside_checks import outside_checks
from bench.analysis.quality_table import quality_table
from bench.analysis.soak import soak_table
from bench.analysis.stages import stage_table
from bench.analysis.statements import Statements
from bench.analysis.summary import summarise
from bench.analysis.tax import tax_table
from bench.analysis.validity import judge
from bench.errors import ConfigError
from bench.store import StoredRun, amend_run, write_table

NEEDED = {"status": str, "scenario": dict, "environment": dict, "arms": list, "blocks": list, "warnings": list}
"""What statements are made from."""
TABLES = ("summary", "stages", "quality", "tax", "soak")


def conclude(stored: StoredRun) -> Statements:
    """The statements of a run; nothing is written. Raises ConfigError for a run.json in which something is missing."""
    run, requests = stored.run, stored.requests
    missing = [name for name, kind in NEEDED.items() if not isinstance(run.get(name), kind)]
    if missing:
        raise ConfigError(f"{stored.folder}: run.json: {', '.join(missing)} missing or damaged. Next: measure again")
    with ThreadPoolExecutor(1) as aside:  # long columns are sorted and compared outside the interpreter
        stages = aside.submit(stage_table, run, requests)
        quality = aside.submit(quality_table, run, requests, stored.floors)
        summary = summarise(run, requests)
        verdict, findings = judge(run, requests, summary)
    tax = tax_table(run, requests, summary)
    return Statements(
        run=run,
        requests=requests,
        summary=summary.assign(verdict=verdict.value),
        stages=stages.result(),
        quality=quality.result(),
        tax=tax,
        soak=soak_table(run, requests),
        answer=answer(run, summary, tax),
        verdict=verdict,
        findings=findings,
        outside=outside_checks(run, summary, tax),
    )


def write_statements(statements: Statements, folder: Path) -> None:
    """Write the tables as csv, soak.csv after a soak alone, and the judgement into run.json."""
    for name in TABLES:
        if name == "soak" and not len(statements.soak):
            continue  # most runs are none
        write_table(folder / f"{name}.csv", getattr(statements, name))
    amend_run(folder, _judgement(statements))


def statements_as_json(statements: Statements) -> str:
    """Everything that is stated, for machines. Infinity is the string "inf", what was not measured null."""
    tables = {name: _records(getattr(statements, name)) for name in TABLES}
    identity = {name: statements.run[name] for name in ("schema_version", "id", "status", "scenario_hash")}
    return json.dumps(identity | _judgement(statements) | tables, indent=1, allow_nan=False)


def _judgement(statements: Statements) -> dict[str, Any]:
    return {
        "answer": statements.answer,
        "verdict": statements.verdict.value,
        "findings": [asdict(finding) | {"verdict": finding.verdict.value} for finding in statements.findings],
        "outside_checks": [asdict(check) | {"outcome": check.outcome.value} for check in statements.outside],
    }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    records = table.to_dict("records")
    return [{str(name): _plain(value) for name, value in record.items()} for record in records]


def _plain(value: Any) -> Any:
    """A value that JSON has."""
    if isinstance(value, float | np.floating):
        if math.isnan(value):
            return None
        return float(value) if math.isfinite(value) else str(float(value))
    if value is None or value is pd.NA:
        return None
    return value.item() if isinstance(value, np.generic) else value
