"""Whether the machine held still: equal processes compared with each other, and work that nobody changed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from bench.analysis.gate.samples import Metric, Place, ProcessSample, Side, block_logarithm, by_block, places
from bench.analysis.stats.paired_blocks import median_of_blocks, strictest_level
from bench.analysis.stats.samples import Interval, TooFewSamples
from bench.quantities import quantity

EQUAL_RATIO = 1.02
"""Between the two processes of one side a bound beyond this is no scatter: the places in a block are not alike."""
CONTROL_RATIO = 1.05
FALSE_ALARMS = 0.01
"""Share of the stages at rest that one control doubts, as far as few blocks can be asked; a gate has one or two."""
STEAL_SHARE = 0.02


def contamination(samples: Sequence[ProcessSample]) -> list[str]:
    """Every reason not to trust a comparison of these samples, in words; [] where there is none.

    Each stage is judged by itself: it has a start of its own, and the verdict rests on both.
    """
    stages = sorted({sample.stage for sample in samples})
    return [reason for stage in stages for reason in _of_stage(stage, samples)]


def _of_stage(stage: int, samples: Sequence[ProcessSample]) -> list[str]:
    found = [sample for sample in samples if sample.stage == stage]
    when = "while confirming, " if stage else ""
    return [when + reason for reason in (*_equal_processes(found), *_control(found), *_steal(found))]


def _equal_log_ratios(samples: Sequence[ProcessSample], place: Place) -> list[float]:
    """ln(second / first) of p50 over the two processes of a side, a value a block and side: what A against A shows.

    A block in which one failed half its requests says nothing of the machine.
    """
    ratios = []
    for processes in (pair for side in Side for pair in by_block(samples, side, place).values()):
        values = [block_logarithm([process], Metric.P50) for process in processes]
        found = [value for value in values if value is not None and math.isfinite(value)]
        if len(found) == len(values) == 2:
            ratios.append(found[1] - found[0])
    return ratios


def _equal_processes(samples: Sequence[ProcessSample]) -> list[str]:
    """The A/A control: the first process of a side against its second, which run the same code on the same requests.

    Each arm is asked at a level that keeps all of them together to FALSE_ALARMS (Bonferroni). At 95 % each, and each
    side for itself, 1 − (1 − 2⁻⁶)⁸ = 12 % of the stages of four arms at rest in seven blocks were not trusted.
    """
    reasons = []
    asked = places(samples)
    for place in asked:
        interval = _median(_equal_log_ratios(samples, place), 1.0 - FALSE_ALARMS / len(asked))
        limit = math.log(EQUAL_RATIO)
        if interval is not None and (interval.low > limit or interval.high < -limit):
            reasons.append(
                f"{place.arm}, {place.load}: of two equal processes the second takes "
                f"×{math.exp(interval.point):.3f} as long as the first, block after block"
            )
    return reasons


def _control(samples: Sequence[ProcessSample]) -> list[str]:
    """The fixed product, head against base: where it moves, the machine was not the same for both.

    A value each pair of neighbours: of A B B A, the first two and the last two.
    """
    times: dict[tuple[int, Place, int], dict[Side, float]] = {}
    for sample in samples:
        pair = (sample.block, Place(sample.arm, sample.load), sample.turn)
        times.setdefault(pair, {})[sample.side] = sample.control_ms
    ratios = [math.log(of[Side.HEAD] / of[Side.BASE]) for of in times.values() if len(of) == len(Side)]
    interval = _median(ratios, 1.0 - FALSE_ALARMS)
    limit = math.log(CONTROL_RATIO)
    if interval is None or interval.contains(0.0) or abs(interval.point) <= limit:
        return []
    return [f"a fixed matrix product takes ×{math.exp(interval.point):.3f} as long on head as on base"]


def _steal(samples: Sequence[ProcessSample]) -> list[str]:
    share = float(np.mean([sample.steal_share for sample in samples])) if samples else 0.0
    if share <= STEAL_SHARE:
        return []
    return [f"the hypervisor gave {quantity(100 * share, '%')} of the cores' time to other machines"]


def _median(ratios: Sequence[float], level: float) -> Interval | None:
    """At the level, or the strictest that so few allow; None where they allow none."""
    try:
        return median_of_blocks(ratios, level=min(level, strictest_level(len(ratios))))
    except TooFewSamples:
        return None
