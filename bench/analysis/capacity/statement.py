"""What is said of one arm's capacity: the range, the whole curve, the confirming run, and what a reader must know."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from bench.analysis.capacity.estimate import Bound, Estimate
from bench.analysis.capacity.probe_result import ProbeResult, Verdict, finite_or_word
from bench.analysis.capacity.slo import Slo
from bench.analysis.stats.queueing import relaxation_s
from bench.quantities import interval, quantity

MLPERF_ANCHOR = 0.77
"""Capacity over offline throughput of BERT on one H100 in MLPerf Inference: what a good server reaches."""
RUNG = 1.3
"""A rate so many times above one that fails is no neighbour of it: keeping the limit there needs saying."""
FEWEST_RELAXATIONS = 20
"""A probe that lasts fewer relaxation times of its queue sees too little of it, and its percentile comes out low."""
DRIFT = 0.1
"""Offline throughputs before and after the search that differ by more are said to."""
HOW = (
    "The range is the 95 % interval of where an isotonic fit of the share of requests over the limit reaches what the "
    "limit allows, from drawing every probe anew (parametric bootstrap)."
)


@dataclass(frozen=True, slots=True)
class Throughput:
    """Answers a second with all requests at once, before the search and after it (None: it was stopped)."""

    before_per_s: float
    after_per_s: float | None = None

    @property
    def mean_per_s(self) -> float:
        """Of both."""
        return self.before_per_s if self.after_per_s is None else (self.before_per_s + self.after_per_s) / 2


@dataclass(frozen=True)
class Capacity:
    """What was found of one arm. alone: one request after another; probes: in the order in which they were made.

    ended: why there are no more. tolerance: how narrow the interval was to be, as a ratio. confirming: None where there
    was no rate to confirm, or the measurement was stopped (is_stopped). measuring_notes: on how it was measured.
    """

    label: str
    slo: Slo
    tolerance: float
    offline: Throughput
    alone: ProbeResult
    probes: tuple[ProbeResult, ...]
    estimate: Estimate
    ended: str
    confirming: ProbeResult | None = None
    is_stopped: bool = False
    measuring_notes: tuple[str, ...] = ()

    @property
    def share_of_offline(self) -> float:
        """Capacity over offline throughput."""
        return self.estimate.interval.point / self.offline.mean_per_s

    @property
    def is_confirmed(self) -> bool:
        """Whether the limit was kept as measured, at the range's lower end, on a schedule that no search used."""
        run = self.confirming
        return run is not None and run.keeps(self.slo.share_over) and run.verdict is not Verdict.FAIL

    @property
    def sentence(self) -> str:
        """The range, its share of the throughput, the number of probes, and whether it was confirmed."""
        found, n = self.estimate, f"{len(self.probes)} probes"
        low, point, high = found.interval.low, found.interval.point, found.interval.high
        if found.bound is Bound.NONE:
            return f"{self.label} sustains 0/s with {self.slo.text}: {self._why_none}; {n}."
        rate = f"at least {quantity(low, '/s')}"
        if found.bound is Bound.RANGE:
            rate = f"{quantity(point, '/s')} {interval(low, high)}"
        share = f"{self.share_of_offline:.2f} of its offline throughput"
        return f"{self.label} sustains {rate} with {self.slo.text}; {share}; {n}; {self._confirmation}."

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of the range, in sentences."""
        return (*self._range_notes(), *self._curve_notes(), *self._drift_notes(), *self.measuring_notes)

    def as_json(self) -> dict[str, Any]:
        """Everything for machines; infinite values as words."""
        found = self.estimate
        return {
            "status": "stopped" if self.is_stopped else "complete",
            "label": self.label,
            "sentence": self.sentence,
            "notes": list(self.notes),
            "how": HOW,
            "slo": {"percentile": self.slo.name, "limit_ms": self.slo.limit_ms},
            "bound": found.bound.value,
            "capacity_per_s": {name: finite_or_word(value) for name, value in asdict(found.interval).items()},
            "dispersion": found.dispersion,
            "offline_per_s": self.offline.mean_per_s,
            "offline_before_per_s": self.offline.before_per_s,
            "offline_after_per_s": self.offline.after_per_s,
            "capacity_over_offline": self.share_of_offline,
            "mlperf_capacity_over_offline": MLPERF_ANCHOR,
            "probes": len(self.probes),
            "ended": self.ended,
            "monotone": found.contradiction is None,
            "contradiction": None if found.contradiction is None else asdict(found.contradiction),
            "order_effect": None if found.order is None else asdict(found.order) | {"is_told": found.order.is_told},
            "confirmed": self.is_confirmed,
            "alone": self._plain(self.alone),
            "curve": [self._plain(probe) for probe in self.probes],
            "confirming": None if self.confirming is None else self._plain(self.confirming),
        }

    @property
    def _why_none(self) -> str:
        if self.alone.verdict is Verdict.FAIL:
            return f"even where nothing waits, {self.alone.reason}"
        return f"it was over the limit at every rate tried, down to {quantity(self.estimate.interval.high, '/s')}"

    @property
    def _confirmation(self) -> str:
        if self.confirming is None:
            return "not confirmed"
        run = self.confirming
        at = f"confirmed at {quantity(run.rate_per_s, '/s')}"
        if not self.is_confirmed:
            return f"not {at}: {run.reason}"
        if run.verdict is Verdict.PASS:
            return at
        return f"{at}, {self.slo.name} {quantity(run.tail.point, 'ms')} {interval(run.tail.low, run.tail.high)}"

    def _range_notes(self) -> list[str]:
        found, notes = self.estimate, []
        if found.bound is Bound.RANGE and not found.is_within(self.tolerance):
            reach, asked = (quantity(100 * ratio, "%") for ratio in (found.half_width, self.tolerance))
            notes.append(f"The range reaches ±{reach}, ±{asked} were asked for: {self.ended}.")
        if found.bound is Bound.AT_LEAST:
            notes.append(f"Higher rates were not tried: {self.ended}.")
        shortest = min((self._relaxations(probe) for probe in self._probes_near()), default=None)
        if shortest is not None and shortest < FEWEST_RELAXATIONS:
            notes.append(
                f"Probes near the capacity last {quantity(shortest)} relaxation times of a queue at that load. Under "
                f"{FEWEST_RELAXATIONS} they see too little of it: the capacity may be lower. Next: a longer --probe-s."
            )
        return notes

    def _curve_notes(self) -> list[str]:
        found, notes = self.estimate, []
        if found.contradiction is not None:
            over, under = (f"{rate:.3g}/s" for rate in (found.contradiction.over, found.contradiction.under))
            notes.append(
                f"Not monotone: the limit is missed at {over} and kept at {under}, by more than chance. The capacity "
                "is that of the highest crossing; lower rates do not all keep the limit."
            )
        elif (doubt := self._unresolved_doubt()) is not None:
            over, under = (f"{rate:g}/s" for rate in doubt)
            notes.append(
                f"The limit is missed at {over} but was kept as measured at {under}; too few independent requests tell "
                "whether that is chance. The fit takes it as chance."
            )
        if found.order is not None and found.order.is_told:
            notes.append("Hysteresis: probes that follow a higher rate are slower than those that follow a lower one.")
        return notes

    def _drift_notes(self) -> list[str]:
        before, after = self.offline.before_per_s, self.offline.after_per_s
        if after is None or abs(after / before - 1) <= DRIFT:
            return []
        first, last = quantity(before, "/s"), quantity(after, "/s")
        return [
            f"The machine or the arm drifted: offline {first} before the search, {last} after it. "
            "Next: see `llm-rec-bench doctor`, and measure again."
        ]

    def _unresolved_doubt(self) -> tuple[float, float] | None:
        """The highest rate that fails well under one at which the limit was kept, with that one."""
        failing = [probe.rate_per_s for probe in self.probes if probe.verdict is Verdict.FAIL]
        kept = [probe.rate_per_s for probe in self.probes if probe.keeps(self.slo.share_over)]
        pairs = [(low, high) for low in failing for high in kept if high > low * RUNG]
        return max(pairs, default=None)

    def _probes_near(self) -> list[ProbeResult]:
        """The long probes around the range; unstable ones were long enough to fail."""
        found = self.estimate
        if found.bound is not Bound.RANGE:
            return []
        low, high = found.interval.low * 0.95, found.interval.high * 1.05
        longest = max(probe.requests for probe in self.probes)
        return [
            probe
            for probe in self.probes
            if low <= probe.rate_per_s <= high and not probe.unstable and probe.requests > longest / 2
        ]

    def _relaxations(self, probe: ProbeResult) -> float:
        """How many relaxation times of a queue at this load the probe lasted; at full load none."""
        service_s = 1 / self.offline.mean_per_s
        if probe.rate_per_s * service_s >= 1:
            return 0.0
        return probe.lasted_s / relaxation_s(probe.rate_per_s, service_s)

    def _plain(self, probe: ProbeResult) -> dict[str, Any]:
        return {key: finite_or_word(value) for key, value in probe.as_row(self.slo.name).items()}
