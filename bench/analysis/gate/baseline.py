"""A stored baseline: the ratios of arms that earlier runs measured, and where these may be held against new ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from bench.analysis.gate.counters import CountedSide, SharedCounters, Where
from bench.analysis.gate.samples import Metric, Place, ProcessSample, Side, by_block, log_ratios
from bench.analysis.stats.paired_blocks import LEAST_RUNS, median_of_blocks
from bench.analysis.stats.samples import TooFewSamples
from bench.errors import NothingMeasured

SCHEMA_VERSION: Literal[2] = 2
"""Of the file: 2 keeps unsteady counters, and names them."""
COMPARED = {
    "CPU flags": ("cpu", "flags"),
    "usable cores": ("cpu", "usable"),
    "thread settings": ("threads",),
    "Python": ("python", "version"),
    "libraries": ("libraries",),
}
"""What of the environment must be as it was: on anything else the ratio of two arms is another one."""


class BaselineArm(BaseModel):
    """One arm's ratios to its denominator: log_ratios[load][metric], a value a run."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    denominator: str
    log_ratios: dict[str, dict[str, list[float]]]


class Baseline(BaseModel):
    """The file that `gate --save-baseline` writes and `gate --against` reads.

    scenario_hash: of the scenario with what was overridden. trace_sha256: of the requests that were drawn from it.
    counters[arm][load][stretch]: exact ones. unsteady: those that its own processes disagreed on.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    schema_version: Literal[2] = SCHEMA_VERSION
    scenario: str
    scenario_hash: str
    trace_sha256: str
    created_utc: str
    runs: int = Field(ge=LEAST_RUNS)
    blocks: int
    environment: dict[str, Any]
    arms: dict[str, BaselineArm]
    counters: SharedCounters
    unsteady: list[Where]

    @property
    def counted(self) -> CountedSide:
        """What its processes counted, as a side of a gate."""
        return CountedSide(self.counters, frozenset(self.unsteady))

    def differences(self, environment: Mapping[str, Any]) -> list[str]:
        """What is not as it was when the baseline was made, in words; [] where ratios can be held against it."""
        found = []
        for name, path in COMPARED.items():
            then, now = _at(self.environment, path), _at(environment, path)
            if then != now:
                found.append(f"{name}: {_told(then, now)}")
        return found


def run_log_ratios(
    samples: Sequence[ProcessSample], denominators: Mapping[str, str]
) -> dict[str, dict[str, dict[str, float]]]:
    """One run's median ln(arm / denominator) by arm, load and metric; what too few blocks carry is left out.

    Raises NothingMeasured where a block has no ratio because an arm failed: later runs would be held against the rest.
    """
    ratios: dict[str, dict[str, dict[str, float]]] = {}
    loads = dict.fromkeys(sample.load for sample in samples)
    for arm, denominator in denominators.items():
        for load in loads:
            head = by_block(samples, Side.HEAD, Place(arm, load))
            below = by_block(samples, Side.HEAD, Place(denominator, load))
            for metric in Metric:
                values = log_ratios(below, head, metric)
                _require_answers(values, arm, denominator, load, metric)
                try:
                    median = median_of_blocks(values)
                except TooFewSamples:
                    continue
                ratios.setdefault(arm, {}).setdefault(load, {})[metric.value] = median.point
    return ratios


def baseline_arms(
    runs: Sequence[Mapping[str, Mapping[str, Mapping[str, float]]]], denominators: Mapping[str, str]
) -> dict[str, BaselineArm]:
    """The ratios of several runs together. Raises NothingMeasured where one of them lacks what another has."""
    arms = {}
    for arm, denominator in denominators.items():
        found = [run.get(arm, {}) for run in runs]
        held = [{(load, metric) for load in run for metric in run[load]} for run in found]
        lacking = sorted({key for keys in held for key in keys if any(key not in others for others in held)})
        if lacking:
            told = ", ".join(f"{metric} of {load}" for load, metric in lacking)
            raise NothingMeasured(
                f"{arm}: not every run of the baseline carries {told}. Next: make it again, with more [gate] blocks"
            )
        loads = {load: {metric: [run[load][metric] for run in found] for metric in found[0][load]} for load in found[0]}
        arms[arm] = BaselineArm(denominator=denominator, log_ratios=loads)
    return arms


def _require_answers(values: npt.NDArray[np.float64], arm: str, denominator: str, load: str, metric: Metric) -> None:
    """Raise NothingMeasured for a block whose value is infinite on either side."""
    failed = int(np.count_nonzero(~np.isfinite(values)))
    if failed:
        raise NothingMeasured(
            f"{arm}, {load}: in {failed} of {values.size} blocks so many requests of it or of {denominator} failed "
            f"that {metric} is infinite. Next: see why they fail; a baseline takes arms that answer"
        )


def _at(environment: Mapping[str, Any], path: Sequence[str]) -> Any:
    value: Any = environment
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _told(then: Any, now: Any) -> str:
    """Only what differs of two tables, both values of anything else."""
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        names = sorted(name for name in then.keys() | now.keys() if then.get(name) != now.get(name))
        return ", ".join(f"{name} {then.get(name)} then, {now.get(name)} now" for name in names)
    return f"{then} then, {now} now"
