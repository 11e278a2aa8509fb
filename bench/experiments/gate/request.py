"""What a gate is asked, and the scenario's own rules for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.analysis.gate.limits import Limits
from bench.analysis.gate.samples import Metric
from bench.analysis.gate.simulation import Design
from bench.errors import ConfigError
from bench.scenario import GateTable, Scenario
from recsys.errors import did_you_mean


@dataclass(frozen=True)
class GateRequest:
    """scenario: resolved, nothing overridden; text: of its file; overrides: for head alone.

    base, head: git revisions, None = the code that runs now.
    """

    scenario: Scenario
    text: str
    overrides: tuple[str, ...]
    data_dirs: tuple[Path, ...]
    base: str | None = None
    head: str | None = None

    @property
    def rules(self) -> GateTable:
        """The scenario's [gate], or its defaults. Raises ConfigError where it names an arm that does not exist."""
        rules = self.scenario.gate or GateTable()
        known = [arm.name for arm in self.scenario.arm]
        for name in (*rules.denominators, *rules.denominators.values(), *rules.arm):
            if name not in known:
                raise ConfigError(
                    f'scenario {self.scenario.name}: [gate] names the arm "{name}"{did_you_mean(name, known)}. '
                    f"Known: {', '.join(known)}. Next: correct it in [gate], or add the arm"
                )
        return rules

    @property
    def limits(self) -> Limits:
        """The smallest ratios that count."""
        rules = self.rules
        of_arm: dict[str, dict[Metric, float]] = {}
        for arm, table in rules.arm.items():
            given = {metric: getattr(table, f"{metric}_ratio") for metric in Metric}
            of_arm[arm] = {metric: ratio for metric, ratio in given.items() if ratio is not None}
        return Limits({metric: getattr(rules, f"{metric}_ratio") for metric in Metric}, of_arm)

    @property
    def design(self) -> Design:
        """How many blocks each look takes."""
        return Design(self.rules.blocks, self.rules.most_blocks)

    @property
    def denominators(self) -> Mapping[str, str]:
        """Arm → the arm that it is divided by with a stored baseline. Raises ConfigError where there is none."""
        chosen = dict(self.rules.denominators)
        dividing = set(chosen.values())
        baseline = next((arm.name for arm in self.scenario.arm if arm.role == "baseline"), None)
        for arm in self.scenario.arm:
            if arm.name in chosen or arm.name in dividing or arm.name == baseline:
                continue
            if baseline is None:
                raise ConfigError(
                    f'scenario {self.scenario.name}: arm "{arm.name}" has nothing to be divided by: a stored baseline '
                    'holds ratios of arms. Next: role = "baseline" for an arm, or [gate] denominators'
                )
            chosen[arm.name] = baseline
        return chosen

    @property
    def compared_arms(self) -> list[str]:
        """Arms of a gate with two sides: a denominator that equals an arm that it divides would say the same twice."""
        tables = {arm.name: arm for arm in self.scenario.arm}
        naming = {"name": "", "label": "", "role": ""}
        twins = {
            below
            for arm, below in self.rules.denominators.items()
            if tables[arm].model_copy(update=naming) == tables[below].model_copy(update=naming)
        }
        return [name for name in tables if name not in twins]
