"""A capacity measurement on disk: `<out>/<utc>_<scenario>_<hash>_capacity/`, whole or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.analysis.capacity.statement import Capacity
from bench.clock import compact_stamp, utc_stamp
from bench.errors import ConfigError
from bench.experiments.arm_worker import Subject
from bench.measure.environment import describe_environment
from bench.report.capacity_picture import draw_capacity
from bench.store import write_table

SCHEMA_VERSION = 1


def keep_capacity(found: Capacity, content: Mapping[str, Any], out: Path) -> Path:
    """Write capacity.json, curve.csv and the picture into a folder of their own; returns it.

    content: as `describe` gives it. Raises ConfigError where it cannot be written; nothing is left behind then.
    """
    folder = out / f"{compact_stamp()}_{content['scenario']['name']}_{content['scenario_hash'][:8]}_capacity"
    partial = folder.with_name(f"{folder.name}.partial")
    try:
        partial.mkdir(parents=True)
        text = json.dumps(content, indent=1, allow_nan=False)
        (partial / "capacity.json").write_text(text + "\n", encoding="utf-8")
        _write_curve(found, partial / "curve.csv")
        for ending, picture in draw_capacity(found).items():
            (partial / f"capacity.{ending}").write_bytes(picture)
        partial.rename(folder)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise ConfigError(f"results folder {out}: cannot be written: {error}. Next: another --out") from error
    return folder


def describe(found: Capacity, subject: Subject) -> dict[str, Any]:
    """The statement, and what was measured where: plain values."""
    scenario = subject.scenario
    return {
        "schema_version": SCHEMA_VERSION,
        "ended_utc": utc_stamp(),
        "arm": subject.arm.name,
        **found.as_json(),
        "scenario": scenario.model_dump(mode="json"),
        "scenario_hash": scenario.hash,
        "environment": describe_environment(),
    }


def _write_curve(found: Capacity, path: Path) -> None:
    """One row a probe in the order in which they were made, the confirming run last."""
    import pandas as pd

    rows = [probe.as_row(found.slo.name) | {"is_confirming": False} for probe in found.probes]
    if found.confirming is not None:
        rows.append(found.confirming.as_row(found.slo.name) | {"is_confirming": True})
    write_table(path, pd.DataFrame(rows))
