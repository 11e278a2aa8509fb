"""Two equal arms side by side: what this machine shows where there is nothing to show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.analysis.equal_arms import EqualArms, equal_arms
from bench.analysis.stats.samples import TooFewSamples, UndefinedDifference
from bench.errors import ConfigError, NothingMeasured, Stopped
from bench.measure.loads import LOADS
from bench.runner import RunRequest, run_scenario
from bench.scenario import ArmTable, LoadTable, Scenario
from bench.scenario_file import ScenarioFile
from bench.store import load_run
from recsys.errors import did_you_mean

DEFAULT_SCENARIO = "quickstart"
NAMES = ("a", "b")


def twins(scenario: Scenario, arm: str | None, processes: int, blocks: int, requests: int) -> Scenario:
    """The scenario with one of its arms twice, at one load point: its first load that has latencies, at its first rate.

    arm: its name; None = the baseline, or the only one. blocks, requests: of each arm, over all processes. Raises
    ConfigError where no arm is meant, where no load has latencies, or where a process would serve a single block.
    """
    if blocks < 2 * processes:
        raise ConfigError(
            f"{blocks} blocks for {processes} processes: telling processes from blocks takes two blocks in each. "
            f"Next: --blocks {2 * processes}"
        )
    chosen = _chosen_arm(scenario, arm)
    arms = [chosen.model_copy(update={"name": name, "label": chosen.title, "role": ""}) for name in NAMES]
    cut = scenario.blocks.model_copy(update={"count": blocks, "processes": processes})
    load = _first_load(scenario).model_copy(update={"requests": requests})
    return scenario.model_copy(update={"arm": tuple(arms), "load": (load,), "blocks": cut})


def measure_equal_arms(scenario: Scenario, data_dirs: tuple[Path, ...], say: Callable[[str], None]) -> EqualArms:
    """Run the two arms of a scenario, keep nothing, and say what they show.

    say: told of progress. Raises NothingMeasured where an arm cannot be measured here or too much of it failed, and
    KeyboardInterrupt where the run was stopped.
    """
    with TemporaryDirectory() as folder:
        request = RunRequest(ScenarioFile(scenario, "", ()), data_dirs, Path(folder))
        try:
            stored = load_run(run_scenario(request, say))
        except Stopped:
            raise KeyboardInterrupt from None  # what it kept goes with the folder
    for arm in stored.run["arms"]:
        if arm["status"] != "measured":
            raise NothingMeasured(f"{arm['label']}: {arm['status']}: {arm['reason']}. Next: see `llm-rec-bench list`")
    try:
        return equal_arms(stored.run, stored.requests)
    except (TooFewSamples, UndefinedDifference) as error:
        raise NothingMeasured(f"equal arms of {scenario.name}: {error}") from error


def _chosen_arm(scenario: Scenario, name: str | None) -> ArmTable:
    arms = {arm.name: arm for arm in scenario.arm}
    known = ", ".join(arms)
    if name is None:
        holders = [arm for arm in scenario.arm if arm.role == "baseline"] or list(scenario.arm)
        if len(holders) > 1:
            raise ConfigError(f"scenario {scenario.name} has no baseline. Known arms: {known}. Next: --arm NAME")
        return holders[0]
    if name not in arms:
        raise ConfigError(f'scenario {scenario.name}: unknown arm "{name}"{did_you_mean(name, arms)}. Known: {known}')
    return arms[name]


def _first_load(scenario: Scenario) -> LoadTable:
    for load in scenario.load:
        if LOADS.get(load.kind).has_latency:
            return load.model_copy(update={"rates_per_s": load.rates_per_s[:1]})
    raise ConfigError(f"scenario {scenario.name}: no load has latencies. Next: name one with single_stream or server")
