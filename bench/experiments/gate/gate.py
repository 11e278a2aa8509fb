"""A gate from the first block to its verdicts: measure, look again where that tells nothing, confirm what changed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench.analysis.gate.baseline import Baseline
from bench.analysis.gate.comparison import Comparison, Key, compare_sides, compare_with_baseline
from bench.analysis.gate.contamination import contamination
from bench.analysis.gate.counters import CounterChange, counted, counter_changes
from bench.analysis.gate.samples import ProcessSample, Side
from bench.analysis.gate.statement import GateResult
from bench.errors import NothingMeasured
from bench.experiments.gate.checkout import checkout
from bench.experiments.gate.request import GateRequest
from bench.experiments.gate.sides import Team, started

Compare = Callable[[Sequence[ProcessSample]], list[Comparison]]
NOW = "the code as it lies"
MEASURING, CONFIRMING = 0, 1
SAID = ("measuring", "confirming from a fresh start")


@dataclass
class Gate:
    """One gate. checkouts: one a side. compare: from samples to comparisons. needs: arms to measure beside an arm.

    earlier_trace_sha256: of the requests that base was measured with before; None where it is measured now.
    """

    asked: GateRequest
    checkouts: Mapping[Side, Path]
    compare: Compare
    arms: Sequence[str]
    needs: Mapping[str, str]
    say: Callable[[str], None]
    earlier_trace_sha256: str | None = None
    samples: list[ProcessSample] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    def run(self) -> list[Comparison]:
        """Both stages.

        Raises NothingMeasured where no arm could be measured on all sides, RunsNotComparable where these draw other
        requests.
        """
        first = self._stage(MEASURING, self.arms)
        if not self.samples:
            told = "; ".join(f"{arm}: {reason}" for arm, reason in (self.absent | self.broken).items())
            name = self.asked.scenario.name
            raise NothingMeasured(
                f"no arm of {name} could be measured: {told}. Next: llm-rec-bench run {name}, until an arm answers"
            )
        doubtful = [found for found in first if found.verdict.wants_confirmation and not found.advisory]
        if not doubtful:
            return first
        arms = [arm for arm in self.arms if arm in {found.arm for found in doubtful}]
        second = {found.key: found for found in self._stage(CONFIRMING, arms)}
        return [found if _may_stand(found, second) else found.after(second.get(found.key)) for found in first]

    def _stage(self, number: int, arms: Sequence[str]) -> list[Comparison]:
        rules = self.asked.rules
        with started(self.asked, self.checkouts, number) as team:
            if self.earlier_trace_sha256 is not None:
                team.require_requests(self.earlier_trace_sha256)
            self.labels |= team.head.arms
            present = self._present(team, self._with_needs(arms))
            self.say(f"{SAID[number]}: {', '.join(present)}")
            team.stage.run(present, range(rules.blocks), self.say)
            found = self.compare(team.stage.samples)
            again = {each.arm for each in found if each.more_blocks_may_tell} & set(present)
            if again and rules.most_blocks > rules.blocks:
                more = [arm for arm in present if arm in self._with_needs(sorted(again))]
                self.say(f"nothing can be told yet of {', '.join(sorted(again))}: more blocks")
                team.stage.run(more, range(rules.blocks, rules.most_blocks), self.say)
                found = self.compare(team.stage.samples)
            self.samples += team.stage.samples
            self._note_left(team)
            return [each for each in found if each.arm not in self.broken]

    def _with_needs(self, arms: Sequence[str]) -> list[str]:
        return list(dict.fromkeys([*arms, *(self.needs[arm] for arm in arms if arm in self.needs)]))

    def _present(self, team: Team, arms: Sequence[str]) -> list[str]:
        """The arms that every side can measure; one that head alone cannot is broken."""
        self.absent |= team.absent(Side.BASE)
        for arm, reason in team.absent(Side.HEAD).items():
            at_fault = Side.BASE in team.prepared and arm not in team.absent(Side.BASE)
            (self.broken if at_fault else self.absent).setdefault(arm, reason)
        return [arm for arm in arms if arm not in self.absent and arm not in self.broken]

    def _note_left(self, team: Team) -> None:
        """An arm that failed while it was measured: head's fault where base's did not."""
        for (side, arm), reason in team.stage.left.items():
            (self.broken if side is Side.HEAD else self.absent)[arm] = reason


def gate_sides(asked: GateRequest, command: str, say: Callable[[str], None]) -> tuple[GateResult, list[ProcessSample]]:
    """Base against head: two revisions, or the code that runs now as it is and with head's overrides."""
    with _checkouts(asked) as checkouts:
        gate = Gate(asked, checkouts, partial(compare_sides, limits=asked.limits), asked.compared_arms, {}, say)
        comparisons = gate.run()
    base, head = counted(gate.samples, Side.BASE), counted(gate.samples, Side.HEAD)
    changes = counter_changes(base, head)
    return _result(gate, (_named(asked.base), _head_named(asked)), command, comparisons, changes), gate.samples


def gate_baseline(
    asked: GateRequest, baseline: Baseline, command: str, say: Callable[[str], None]
) -> tuple[GateResult, list[ProcessSample]]:
    """The code that runs now against stored ratios of its arms."""
    arms = {arm: stored.denominator for arm, stored in baseline.arms.items()}
    with checkout(asked.head) as folder:
        compare = partial(compare_with_baseline, baseline=baseline, limits=asked.limits)
        gate = Gate(asked, {Side.HEAD: folder}, compare, list(arms), arms, say, baseline.trace_sha256)
        comparisons = gate.run()
    changes = counter_changes(baseline.counted, counted(gate.samples, Side.HEAD))
    sides = (f"the baseline of {baseline.created_utc}", _head_named(asked))
    return _result(gate, sides, command, comparisons, changes), gate.samples


def _result(
    gate: Gate,
    sides: tuple[str, str],
    command: str,
    comparisons: Sequence[Comparison],
    changes: Sequence[CounterChange],
) -> GateResult:
    return GateResult(
        scenario=gate.asked.scenario.name,
        sides=sides,
        command=command,
        labels=gate.labels,
        comparisons=tuple(comparisons),
        counters=tuple(changes),
        contaminated=tuple(contamination(gate.samples)),
        broken=gate.broken,
        absent=gate.absent,
    )


def _may_stand(found: Comparison, second: Mapping[Key, Comparison]) -> bool:
    """Whether the second stage has no say in it: there is nothing to confirm, or advice that it does not repeat."""
    return not found.verdict.wants_confirmation or (found.advisory and found.key not in second)


@contextlib.contextmanager
def _checkouts(asked: GateRequest) -> Iterator[dict[Side, Path]]:
    with checkout(asked.base) as base, checkout(asked.head) as head:
        yield {Side.BASE: base, Side.HEAD: head}


def _named(revision: str | None) -> str:
    return revision or NOW


def _head_named(asked: GateRequest) -> str:
    return " ".join([_named(asked.head), *(f"--set {override}" for override in asked.overrides)])
