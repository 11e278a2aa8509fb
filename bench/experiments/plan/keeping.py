"""A plan on disk: `<out>/<utc>_<scenario>_<hash>_plan/`, whole or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.analysis.plan.statement import Plan
from bench.clock import compact_stamp, utc_stamp
from bench.errors import ConfigError
from bench.measure.environment import describe_environment
from bench.report.plan_page import build_plan_page
from bench.report.plan_pictures import draw_plan
from bench.report.plan_tables import plan_markdown
from bench.report.writing import FIGURES, write_pictures
from bench.scenario import Scenario

SCHEMA_VERSION = 1


def keep_plan(plan: Plan, content: Mapping[str, Any], out: Path) -> Path:
    """Write plan.json, plan.md, plan.html and the pictures into a folder of their own; returns it.

    content: as `describe_plan` gives it. Raises ConfigError where it cannot be written; nothing is left behind then.
    """
    name, digest = content["scenario"]["name"], content["scenario_hash"][:8]
    folder = out / f"{compact_stamp()}_{name}_{digest}_plan"
    partial = folder.with_name(f"{folder.name}.partial")
    footer = f"Plan of {content['ended_utc']}, scenario {name} ({digest}), measured on {_machine(content)}"
    try:
        partial.mkdir(parents=True)
        pictures = draw_plan(plan)
        write_pictures(pictures, partial / FIGURES)
        text = json.dumps(content, indent=1, allow_nan=False)
        (partial / "plan.json").write_text(text + "\n", encoding="utf-8")
        (partial / "plan.md").write_text(plan_markdown(plan), encoding="utf-8")
        (partial / "plan.html").write_text(build_plan_page(plan, pictures, footer), encoding="utf-8")
        partial.rename(folder)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise ConfigError(f"results folder {out}: cannot be written: {error}. Next: another --out") from error
    return folder


def describe_plan(plan: Plan, scenario: Scenario) -> dict[str, Any]:
    """The plan, and what was measured where: plain values."""
    return {
        "schema_version": SCHEMA_VERSION,
        "ended_utc": utc_stamp(),
        **plan.as_json(),
        "scenario": scenario.model_dump(mode="json"),
        "scenario_hash": scenario.hash,
        "environment": describe_environment(),
    }


def _machine(content: Mapping[str, Any]) -> str:
    cpu = content["environment"].get("cpu", {})
    return f"{cpu.get('model', 'an unknown processor')}, {cpu.get('usable', 'unknown')} usable processors"
