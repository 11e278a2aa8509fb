"""One metric of one arm, head against base: the ratio with its interval, and the verdict."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.analysis.capacity.probe_result import finite_or_word
from bench.analysis.gate.baseline import Baseline, BaselineArm
from bench.analysis.gate.limits import Limits
from bench.analysis.gate.rule import GateVerdict, confirmed, judge
from bench.analysis.gate.samples import Metric, Place, ProcessSample, Side, by_block, log_ratios, places
from bench.analysis.stats.paired_blocks import difference_from_runs, median_of_blocks
from bench.analysis.stats.samples import Interval, TooFewSamples
from bench.quantities import times

NOT_CONFIRMED = "a fresh start did not say the same"
SCATTERED = "the baseline's own runs scatter too much to tell"
UNCONFIRMED = "could not be confirmed: a fresh start gave nothing to compare"
UNANSWERED = "what it is divided by leaves too many requests without an answer"

Key = tuple[str, str, Metric]
"""Arm, load and metric: what is compared."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was found. ratio: head / base with 95 % bounds; least_ratio: the smallest that counts.

    The ratio is infinite where head alone fails too many requests, and NaN between 0 and inf where none can be told.
    blocks: how many stand behind it. advisory: shown, never failing. remark: why it reads as it does, "" as a rule.
    """

    arm: str
    load: str
    metric: Metric
    ratio: Interval
    least_ratio: float
    blocks: int
    verdict: GateVerdict
    remark: str = ""

    @property
    def advisory(self) -> bool:
        """Whether it decides nothing."""
        return self.metric.is_advisory

    @property
    def key(self) -> Key:
        """What is compared."""
        return self.arm, self.load, self.metric

    @property
    def more_blocks_may_tell(self) -> bool:
        """Whether nothing was told for want of blocks; against the scatter of a baseline's runs they do not help."""
        return self.verdict is GateVerdict.INCONCLUSIVE and self.remark != SCATTERED and not self.advisory

    @property
    def blocks_wanted(self) -> int:
        """About how many blocks would make the interval as narrow as the least ratio; it shrinks with their root.

        Those that there are, where a bound is infinite: nothing is known of it.
        """
        if self.ratio.low == 0 or math.isinf(self.ratio.high):
            return self.blocks
        half = (math.log(self.ratio.high) - math.log(self.ratio.low)) / 2
        margin = math.log(self.least_ratio)
        return self.blocks if half <= margin else math.ceil(self.blocks * (half / margin) ** 2)

    def after(self, second: Comparison | None) -> Comparison:
        """This one, of the first stage, and what a fresh start found; None where that gave nothing to compare."""
        if second is None:
            return replace(self, verdict=GateVerdict.INCONCLUSIVE, remark=UNCONFIRMED)
        verdict, again = confirmed(self.verdict, second.verdict), times(second.ratio.point)
        if verdict is self.verdict:
            return replace(self, remark=f"confirmed at {again}")
        return replace(self, verdict=verdict, remark=f"{NOT_CONFIRMED}: {again}")

    def as_json(self) -> dict[str, Any]:
        """Plain values; an infinite bound as "inf"."""
        values = asdict(self) | {"metric": self.metric.value, "verdict": self.verdict.value, "advisory": self.advisory}
        ratio = {bound: finite_or_word(value) for bound, value in values.pop("ratio").items()}
        return values | {"ratio": ratio["point"], "ratio_low": ratio["low"], "ratio_high": ratio["high"]}


def compare_sides(samples: Sequence[ProcessSample], limits: Limits) -> list[Comparison]:
    """Head against base, measured by turns in the same blocks."""
    found: list[Comparison] = []
    for place in places(sample for sample in samples if sample.side is Side.HEAD):
        base, head = by_block(samples, Side.BASE, place), by_block(samples, Side.HEAD, place)
        for metric in Metric:
            ratios = log_ratios(base, head, metric)
            told = ratios[~np.isnan(ratios)]
            try:
                found.append(_compared(place, metric, median_of_blocks(told), told.size, limits))
            except TooFewSamples:
                found += _untold(place, metric, ratios, limits)
    return found


def compare_with_baseline(samples: Sequence[ProcessSample], baseline: Baseline, limits: Limits) -> list[Comparison]:
    """Each arm over its denominator, both of this run, against the ratios that were stored."""
    found: list[Comparison] = []
    for arm, stored in baseline.arms.items():
        for place in [place for place in places(samples) if place.arm == arm]:
            found += _over_denominator(samples, place, stored, limits)
    return found


def _over_denominator(
    samples: Sequence[ProcessSample], place: Place, stored: BaselineArm, limits: Limits
) -> Iterable[Comparison]:
    head = by_block(samples, Side.HEAD, place)
    below = by_block(samples, Side.HEAD, Place(stored.denominator, place.load))
    for name, earlier in stored.log_ratios.get(place.load, {}).items():
        metric = Metric(name)
        ratios = log_ratios(below, head, metric)
        ratios[np.isneginf(ratios)] = np.nan  # a denominator that fails makes no arm faster
        told = ratios[~np.isnan(ratios)]
        try:
            now = median_of_blocks(told)
            change = difference_from_runs(now, earlier)
        except TooFewSamples:
            yield from _untold(place, metric, ratios, limits)
            continue
        compared = _compared(place, metric, change, told.size, limits)
        if compared.verdict is GateVerdict.INCONCLUSIVE and judge(_moved(now, earlier), compared.least_ratio) is not (
            GateVerdict.INCONCLUSIVE
        ):
            compared = replace(compared, remark=SCATTERED)
        yield compared


def _untold(place: Place, metric: Metric, ratios: npt.NDArray[np.float64], limits: Limits) -> list[Comparison]:
    """What is said where too few blocks have a ratio because requests failed; [] where nothing was measured at all."""
    lost = np.isnan(ratios)
    if not lost.any():
        return []
    least, verdict = limits.least_ratio(place.arm, metric), GateVerdict.INCONCLUSIVE
    unknown, blocks = Interval(0.0, math.nan, math.inf), int((~lost).sum())
    return [Comparison(place.arm, place.load, metric, unknown, least, blocks, verdict, UNANSWERED)]


def _moved(now: Interval, earlier: Sequence[float]) -> Interval:
    """The run's own bounds around the change: what it would say of a baseline that is known exactly."""
    mean = float(np.mean(earlier))
    return Interval(now.low - mean, now.point - mean, now.high - mean)


def _compared(place: Place, metric: Metric, log_ratio: Interval, blocks: int, limits: Limits) -> Comparison:
    least = limits.least_ratio(place.arm, metric)
    low, point, high = (float(np.exp(value)) for value in (log_ratio.low, log_ratio.point, log_ratio.high))
    verdict = judge(log_ratio, least)
    return Comparison(place.arm, place.load, metric, Interval(low, point, high), least, blocks, verdict)
