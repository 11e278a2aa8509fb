"""The sides of a gate, started afresh for each stage: two processes in two checkouts, or one for a stored baseline."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.analysis.gate.samples import Side
from bench.errors import RunsNotComparable
from bench.experiments.gate.host import SideHost
from bench.experiments.gate.messages import Prepare, Prepared
from bench.experiments.gate.request import GateRequest
from bench.experiments.gate.stages import Stage


@dataclass(frozen=True)
class Team:
    """Started sides. prepared: what each said of itself."""

    stage: Stage
    prepared: Mapping[Side, Prepared]

    @property
    def head(self) -> Prepared:
        """What head said."""
        return self.prepared[Side.HEAD]

    def absent(self, side: Side) -> Mapping[str, str]:
        """Arm → why a side cannot measure it; {} for a side that does not take part."""
        return self.prepared[side].absent if side in self.prepared else {}

    def require_requests(self, trace_sha256: str) -> None:
        """Raise RunsNotComparable where head draws other requests than those that were drawn earlier."""
        if self.head.trace_sha256 != trace_sha256:
            raise RunsNotComparable(
                "head draws other requests from this scenario than the baseline was made with, so no ratio of theirs "
                "means anything. Next: leave out a --set that changes requests, or make the baseline anew with "
                "--save-baseline"
            )


@contextlib.contextmanager
def started(asked: GateRequest, checkouts: Mapping[Side, Path], number: int) -> Iterator[Team]:
    """Start a side in each checkout and let it draw the same requests. number: of the start, from 0.

    Raises RunsNotComparable where they differ.
    """
    with contextlib.ExitStack() as stack:
        hosts = {side: stack.enter_context(SideHost(side.value, folder)) for side, folder in checkouts.items()}
        for side, host in hosts.items():  # both at once: nothing is timed yet
            host.begin(_prepare(asked, side))
        prepared = {side: host.prepared() for side, host in hosts.items()}
        hashes = {ready.trace_sha256 for ready in prepared.values()}
        if len(hashes) > 1:
            raise RunsNotComparable(
                "base and head draw other requests from this scenario, so no ratio of theirs means anything. "
                "Next: look for a change in data, traffic or the scenario's seed"
            )
        yield Team(Stage(hosts, number, asked.rules.blocks, asked.scenario.seed), prepared)


def _prepare(asked: GateRequest, side: Side) -> Prepare:
    return Prepare(
        scenario=asked.text,
        overrides=list(asked.overrides) if side is Side.HEAD else [],
        data_dirs=[str(folder.resolve()) for folder in asked.data_dirs],
        blocks=asked.rules.blocks,
    )
