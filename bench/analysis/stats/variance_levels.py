"""The variance of a statement by level of the measurement, and which levels an interval has to be as wide as."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from bench.analysis.stats.components import Components
from bench.analysis.stats.hierarchy import Layout, Level
from bench.analysis.stats.samples import Samples

_CHANCE = 0.2
"""How often a level counts that varies no more than what lies under it (see `VarianceLevels.reach`).

Over 1,000 simulated seeds Δp99 of independent requests is covered in 98.8 % of cases where blocks always count, 98.3 %
at 0.25, 97.9 % at 0.2; with planted block effects 94.5, 93.9 and 93.8 %; dependent requests: 97.3, 94.8 and 94.5 %.
"""


@dataclass(frozen=True, slots=True)
class VarianceLevels:
    """Estimates of one statement's variance, each from its level alone; each holds the levels under it.

    windows: of requests that stay together; blocks: within processes; processes: restarts. None where no process has
    two blocks, or there is one process.
    """

    windows: float
    blocks: float | None
    processes: float | None
    layout: Layout

    @classmethod
    def measured(cls, draw: Callable[[Level], Samples], layout: Layout) -> VarianceLevels:
        """Return the variances of what `draw` gives of each level alone: the statement in resamples of it [n].

        k units drawn from k show (k-1)/k of the variance, which is put right (Davison & Hinkley, Bootstrap Methods,
        1997, §3.8). Draws that are not finite are left out.
        """
        blocks, processes = int(layout.lengths.size), int(layout.blocks.size)
        repeated = blocks - processes
        return cls(
            windows=finite_variance(draw(Level.WINDOW)),
            blocks=finite_variance(draw(Level.BLOCK)) * blocks / repeated if repeated else None,
            processes=finite_variance(draw(Level.PROCESS)) * processes / (processes - 1) if processes > 1 else None,
            layout=layout,
        )

    def components(self) -> Components:
        """Take from each level what the levels under it explain."""
        below_processes = max(self.windows, self.blocks or 0.0)
        return Components(
            within=math.sqrt(self.windows),
            between_blocks=None if self.blocks is None else math.sqrt(max(0.0, self.blocks - self.windows)),
            between_processes=(
                None if self.processes is None else math.sqrt(max(0.0, self.processes - below_processes))
            ),
        )

    def reach(self, level: float = 0.95) -> float:
        """Return half the width of a symmetrical interval: the widest of Student's intervals of the levels that count.

        Windows are many and always count. Few blocks and fewer processes know their own variance badly: taking the
        largest of the three makes an interval wider, and too wide, where nothing but requests varies, and a factor t of
        few degrees of freedom more so. So a level counts only where it exceeds what lies under it by more than chance
        gives in a fifth of all measurements (preliminary test: Bancroft 1944), then with its full factor. Processes
        that do not count are blocks' own variance seen twice, and the two are pooled. Coverage in normal theory with 5
        blocks, without and with block effects of once and three times the requests' variance: 96.0, 92.5, 93.0 %. The
        largest level with its full factor covers 97.0, 94.9, 94.7 % and the blocks alone 95 %, both a tenth wider; the
        largest with more degrees of freedom the less it exceeds the windows 96.5, 93.0, 92.2 %.
        """
        tail = (1.0 - level) / 2.0
        counting = [(self.windows, math.inf), *self._blocks_that_count(), *self._processes_that_count()]
        return max(float(stats.t.isf(tail, freedom)) * math.sqrt(variance) for variance, freedom in counting)

    def _blocks_that_count(self) -> list[tuple[float, float]]:
        """Return variance and degrees of freedom of all blocks, whatever their process, or nothing."""
        freedom = self._free_blocks + self._free_processes
        if freedom == 0:
            return []
        of_blocks = self._free_blocks * (self.blocks or 0.0)
        of_processes = self._free_processes * (self.processes or 0.0)
        variance = (of_blocks + of_processes) / freedom
        chance = float(stats.chi2.isf(_CHANCE, freedom)) / freedom
        return [(variance, freedom)] if variance > chance * self.windows else []

    def _processes_that_count(self) -> list[tuple[float, float]]:
        """Return variance and degrees of freedom of the processes, or nothing.

        Two have one degree, which is a factor of 12.7: they get the blocks', and do not cover restarts.
        """
        if self.processes is None or self.blocks is None:
            return []
        chance = float(stats.f.isf(_CHANCE, self._free_processes, self._free_blocks))
        if self.processes <= chance * max(self.blocks, self.windows):
            return []
        return [(self.processes, self._free_processes if self._free_processes > 1 else self._free_blocks)]

    @property
    def _free_blocks(self) -> float:
        return float(self.layout.lengths.size - self.layout.blocks.size)

    @property
    def _free_processes(self) -> float:
        return float(self.layout.blocks.size - 1)


def finite_variance(draws: Samples) -> float:
    """Return the variance of the finite draws, 0 where there is none."""
    finite = draws[np.isfinite(draws)]
    return float(np.var(finite)) if finite.size else 0.0
