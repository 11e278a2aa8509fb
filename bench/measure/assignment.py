"""What a worker is to be, in values that travel to another process or machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.scenario import ArmTable, Scenario
from bench.traffic.requests import draw_trace
from bench.traffic.trace import Trace
from recsys.data.loading import load_dataset

HERE = "local"
"""The engine of a worker that offers its requests itself."""


@dataclass(frozen=True, slots=True)
class Generation:
    """Who offers scheduled requests. engine: its kind. ticket: by which a worker finds what the engine has started.

    lead_ns: from telling generators elsewhere when to begin until they do.
    """

    engine: str = HERE
    generators: int = 1
    ticket: str = ""
    lead_ns: int = 0


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a worker is to be. trace_length: requests of the whole run."""

    scenario: Scenario
    arm: ArmTable
    data_dirs: tuple[Path, ...]
    trace_length: int
    generation: Generation = Generation()


def read_trace(assignment: Assignment) -> Trace:
    """The data and the requests, without the noise that an arm may have in its texts."""
    data = assignment.scenario.data
    dataset = load_dataset(data.kind, data_dirs=assignment.data_dirs, **data.options)
    return draw_trace(assignment.scenario, dataset, assignment.trace_length, assignment.data_dirs)
