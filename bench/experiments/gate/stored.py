"""Making, keeping and reading a baseline file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from bench.analysis.gate.baseline import SCHEMA_VERSION, Baseline, baseline_arms, run_log_ratios
from bench.analysis.gate.counters import counted
from bench.analysis.gate.samples import ProcessSample, Side
from bench.clock import utc_stamp
from bench.errors import ConfigError, NothingMeasured, RunsNotComparable, fault_of
from bench.experiments.gate.checkout import checkout
from bench.experiments.gate.request import GateRequest
from bench.experiments.gate.side import read_text, stretched
from bench.experiments.gate.sides import started
from bench.measure.environment import describe_environment
from bench.store import replace_file


def measure_baseline(asked: GateRequest, say: Callable[[str], None]) -> Baseline:
    """Several runs of all arms, each from a fresh start. Raises NothingMeasured where an arm cannot be measured."""
    rules, denominators = asked.rules, asked.denominators
    arms = list(dict.fromkeys([*denominators, *denominators.values()]))
    runs, samples, trace = [], list[ProcessSample](), ""
    with checkout(asked.head) as folder:
        for number in range(rules.baseline_runs):
            with started(asked, {Side.HEAD: folder}, number) as team:
                say(f"run {number + 1} of {rules.baseline_runs}")
                _require(dict(team.head.absent))
                team.stage.run(arms, range(rules.blocks), say)
                _require({arm: reason for (_, arm), reason in team.stage.left.items()})
                runs.append(run_log_ratios(team.stage.samples, denominators))
                samples += team.stage.samples
                trace = team.head.trace_sha256
    seen = counted(samples, Side.HEAD)
    return Baseline(
        scenario=asked.scenario.name,
        scenario_hash=_hash(asked, asked.overrides),
        trace_sha256=trace,
        created_utc=utc_stamp(),
        runs=rules.baseline_runs,
        blocks=rules.blocks,
        environment=describe_environment(),
        arms=baseline_arms(runs, denominators),
        counters=seen.counters,
        unsteady=sorted(seen.unsteady),
    )


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Write it whole or not at all. Raises ConfigError."""
    text = baseline.model_dump_json(indent=1) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"--save-baseline {path}: cannot be written: {error}. Next: another file") from error


def read_baseline(path: Path, asked: GateRequest) -> Baseline:
    """Read a baseline for a gate.

    Raises ConfigError where there is none, RunsNotComparable where its ratios do not hold for this one.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        _require_version(path, content, asked)
        baseline = Baseline.model_validate(content)
    except OSError as error:
        raise ConfigError(f"baseline {path}: cannot be read: {error}. Next: {_make_anew(path, asked)}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"baseline {path}: damaged: {fault_of(error)}. Next: {_make_anew(path, asked)}") from error
    if baseline.scenario_hash not in {_hash(asked, ()), _hash(asked, asked.overrides)}:
        raise RunsNotComparable(
            f"baseline {path}: was made with another scenario than {asked.scenario.name} as it is now. "
            f"Next: {_make_anew(path, asked)}"
        )
    differing = baseline.differences(describe_environment())
    if differing:
        raise RunsNotComparable(
            f"baseline {path}: its ratios hold on its own machine alone; other now: {'; '.join(differing)}. "
            "Next: make one here with --save-baseline, or compare two revisions with --base"
        )
    return baseline


def _require_version(path: Path, content: object, asked: GateRequest) -> None:
    """Raise ConfigError for a file that another version of the program wrote."""
    version = content.get("schema_version") if isinstance(content, dict) else None
    if version is not None and version != SCHEMA_VERSION:
        raise ConfigError(
            f"baseline {path}: schema version {version}, but this program reads {SCHEMA_VERSION}. "
            f"Next: {_make_anew(path, asked)}"
        )


def _make_anew(path: Path, asked: GateRequest) -> str:
    return f"llm-rec-bench gate {asked.scenario.name} --save-baseline {path}"


def _hash(asked: GateRequest, overrides: tuple[str, ...]) -> str:
    return stretched(read_text(asked.text, list(overrides)), asked.rules.blocks).hash


def _require(reasons: dict[str, str]) -> None:
    if reasons:
        told = "; ".join(f"{arm}: {reason}" for arm, reason in reasons.items())
        raise NothingMeasured(
            f"a baseline takes every arm: {told}. Next: mend them, or take them out of the scenario with their "
            "[gate] denominators"
        )
