"""What run.json says of a run's making: of its data, and of each block."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bench.clock import NS_PER_S
from bench.measure.recorder import Outcome
from bench.measure.slices import Slice
from bench.measure.worker import Served
from bench.scenario_file import ScenarioFile
from recsys.data.dataset import Dataset


def scenario_entries(file: ScenarioFile) -> dict[str, Any]:
    """What was asked for, resolved and verbatim."""
    return {
        "command": file.command,
        "scenario": file.scenario.model_dump(mode="json"),
        "scenario_text": file.text,
        "overrides": list(file.overrides),
        "scenario_hash": file.scenario.hash,
    }


def data_entry(data: Dataset) -> dict[str, Any]:
    """What it was measured on; a name and a hash, never a path."""
    return {
        "name": data.name,
        "sha256": data.sha256,
        "simulated": data.simulated,
        "licence": data.licence,
        "items": len(data.items),
        "users": len(data.user_ids),
        "events": len(data.events),
        "warnings": list(data.warnings),
    }


def block_entry(arm: str, part: Slice, process: int, served: Served) -> dict[str, Any]:
    """One arm's block with all readings of the probes."""
    assert part.point is not None
    return {
        "arm": arm,
        "load": part.point.name,
        "offered_per_s": part.point.offered_per_s,
        "block": part.block,
        "process": process,
        "requests": len(part),
        "answered": int((served.outcomes == Outcome.ANSWERED).sum()),
        "busy_s": round(float(served.observed_ns.max() - served.intended_ns.min()) / NS_PER_S, 6),
        "wall_s": round(served.wall_s, 6),
        "spin_s": round(served.spin_s, 6),
        "was_quiet": served.was_quiet,
        "collections": served.pauses,
        "collected_s": round(served.paused_s, 6),
        "errors": dict(served.errors),
        **({"generators": [asdict(each) for each in served.generators]} if served.generators else {}),
        **{name: round(value, 6) for name, value in served.readings.items()},
    }
