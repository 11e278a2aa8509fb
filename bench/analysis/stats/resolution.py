"""The smallest difference that a measurement of so many processes and blocks can tell from none.

What equal arms show is noise. Its spread is taken apart by level, and from the levels follows what any other number of
processes and blocks could resolve.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from bench.analysis.stats.hierarchy import Layout, Level, Nested, flat_blocks
from bench.analysis.stats.paired import median_difference
from bench.analysis.stats.resampling import QuantileResampler
from bench.analysis.stats.samples import Samples

_RESAMPLES = 200
_SHIFTS_TRIED = 5.0
"""Non-centralities up to so many times the t bound: enough for a power of 99.99 % at one degree of freedom."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Standard deviations of ln(head / base) of block medians, by level; 0.01 is about 1 %.

    processes: between restarts, None with one process. blocks: between the blocks of a process, beyond what requests
    explain. requests: within blocks, what a block's own requests leave open, no more than blocks vary. 0 means that the
    level varies no more than what lies under it explains.
    """

    processes: float | None
    blocks: float
    requests: float

    @property
    def block_median(self) -> float:
        """Of one block's median within its process: blocks and requests together."""
        return math.hypot(self.blocks, self.requests)


@dataclass(frozen=True, slots=True)
class Design:
    """How much is measured. blocks: over all processes."""

    processes: int
    blocks: int

    def __post_init__(self) -> None:
        if not 1 <= self.processes <= self.blocks:
            raise ValueError(f"{self.processes} processes with {self.blocks} blocks; each process serves one at least")


def median_spread(base: Nested, head: Nested, rng: np.random.Generator) -> Spread:
    """Return the spread of two arms' paired block medians: values[process][block] = [n], the same slices in both.

    Processes and blocks by one-way analysis of variance (`median_difference`). A block's share that its own requests
    cause is the variance of its ln ratio when its requests are drawn anew, the same draws for both arms, in windows
    that keep neighbours together. Raises as `median_difference` does; ValueError where no process has two blocks.
    """
    layout = Layout.of(base)
    components = median_difference(base, head).components
    if components.between_blocks is None:
        raise ValueError("every process has one block; the spread between blocks takes a process with two")
    n = int(layout.lengths.size)
    block_variance = components.between_blocks**2 * n
    pairs = zip(flat_blocks(base), flat_blocks(head), strict=True)
    request_variance = float(np.mean([_request_variance(*pair, rng) for pair in pairs]))
    processes = None
    if components.between_processes is not None:
        processes = components.between_processes * n / math.sqrt(float((layout.blocks**2).sum()))
    return Spread(
        processes=processes,
        blocks=math.sqrt(max(0.0, block_variance - request_variance)),
        requests=math.sqrt(min(block_variance, request_variance)),
    )


def resolvable_ratio(spread: Spread, design: Design, *, level: float = 0.95) -> float:
    """Return the smallest measured ratio head / base that is told from 1: the t interval's reach over process means.

    exp(t · s) with s² = processes² / P + block_median² / B and t of P - 1 degrees of freedom. A restart is the top unit
    of a measurement: with one process none is told from another arm, and the answer is inf.
    """
    if design.processes < 2:
        return math.inf
    return math.exp(_t(level, design) * _standard_error(spread, design))


def detectable_ratio(spread: Spread, design: Design, *, level: float = 0.95, power: float = 0.8) -> float:
    """Return the smallest true ratio that such a measurement tells from 1 with probability `power`.

    A true ratio at `resolvable_ratio` itself is told about every second time. Here ln ratio / s is the non-centrality
    at which the upper t test rejects with the wanted probability (Johnson, Kotz & Balakrishnan, Continuous Univariate
    Distributions 2, 1995, ch. 31). inf with one process.
    """
    if design.processes < 2:
        return math.inf
    bound, freedom = _t(level, design), design.processes - 1

    def missing_power(shift: float) -> float:
        return float(stats.nct.sf(bound, freedom, shift)) - power

    shift = float(optimize.brentq(missing_power, 0.0, _SHIFTS_TRIED * bound))
    return math.exp(shift * _standard_error(spread, design))


def _t(level: float, design: Design) -> float:
    return float(stats.t.ppf((1.0 + level) / 2.0, design.processes - 1))


def _standard_error(spread: Spread, design: Design) -> float:
    """Of the mean ln ratio. Raises ValueError where the spread between processes is not known."""
    if spread.processes is None:
        raise ValueError("the spread between processes was not measured; measure equal arms in two processes or more")
    return math.sqrt(spread.processes**2 / design.processes + spread.block_median**2 / design.blocks)


def _request_variance(base: Samples, head: Samples, rng: np.random.Generator) -> float:
    """Return the variance of ln(head / base) of one block's medians that its requests cause."""
    window = math.ceil(math.cbrt(base.size))
    medians = QuantileResampler(([[base]], [[head]]), 0.5, window).draw(Level.WINDOW, _RESAMPLES, rng)
    finite = medians[:, np.isfinite(medians).all(axis=0)]
    return float(np.var(np.log(finite[1] / finite[0]))) if finite.size else 0.0
