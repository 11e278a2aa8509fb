"""One stage of a gate: its blocks in balanced order, a fresh process for every measurement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bench.analysis.gate.samples import ProcessSample, Side
from bench.experiments.gate.host import SideHost
from bench.experiments.gate.messages import Measure
from bench.traffic.seeds import stream


@dataclass(frozen=True, slots=True)
class Turn:
    """One process to start."""

    side: Side
    arm: str
    place: int


@dataclass
class Stage:
    """What one start of the sides measures. parts: stretches of the requests; blocks beyond them serve them again.

    number: of the start, from 0. left: (side, arm) → why it takes no further part.
    """

    hosts: Mapping[Side, SideHost]
    number: int
    parts: int
    seed: int
    samples: list[ProcessSample] = field(default_factory=list)
    left: dict[tuple[Side, str], str] = field(default_factory=dict)

    def run(self, arms: Sequence[str], blocks: range, say: Callable[[str], None]) -> None:
        """Measure these blocks of these arms. say: told after each block."""
        for block in blocks:
            for turn in order(self.seed, block, list(self.hosts), arms):
                if all((side, turn.arm) not in self.left for side in self.hosts):
                    self._take(turn, block)
            say(f"block {block + 1} of {blocks.stop}")

    def _take(self, turn: Turn, block: int) -> None:
        part = block % self.parts
        measured = self.hosts[turn.side].measure(Measure(arm=turn.arm, block=part))
        if measured.reason:
            self.left[turn.side, turn.arm] = measured.reason
            return
        for point in measured.points:
            self.samples.append(
                ProcessSample(
                    side=turn.side,
                    arm=turn.arm,
                    load=point["load"],
                    stage=self.number,
                    block=block,
                    turn=turn.place,
                    part=part,
                    response_ms=np.array([np.inf if ms is None else ms for ms in point["response_ms"]], np.float64),
                    cpu_s=point["cpu_s"],
                    control_ms=point["control_ms"],
                    steal_share=point["steal_share"],
                    counters=point["counters"],
                )
            )


def order(seed: int, block: int, sides: Sequence[Side], arms: Sequence[str]) -> list[Turn]:
    """The processes of one block: of two sides A B B A arm by arm, of one all arms and then all again backwards.

    Every arm's mean place is thus the same for both sides, and what drifts in a straight line cancels. Arms are
    shuffled, and which side comes first is drawn for one block of two and the other way round in its neighbour.
    """
    draw = stream(seed, "gate", block // 2)
    first, shuffled = list(sides), list(arms)
    draw.shuffle(first)
    draw.shuffle(shuffled)
    if block % 2:
        first, shuffled = first[::-1], shuffled[::-1]
    if len(sides) == 1:
        return [Turn(sides[0], arm, place) for place, row in enumerate((shuffled, shuffled[::-1])) for arm in row]
    a, b = first
    return [Turn(side, arm, place) for arm in shuffled for side, place in ((a, 0), (b, 0), (b, 1), (a, 1))]
