"""What a plan measures of one arm: service times by batch size, and points under load, most of them held out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bench.analysis.capacity.judgement import Offered, judge
from bench.analysis.capacity.slo import Slo
from bench.analysis.plan.held_out import HeldOutPoint
from bench.analysis.plan.observations import Observations, ServedBlock, observe, together
from bench.analysis.plan.prediction import Draw, Effort, Replica, capacity_per_s, predict_schedule
from bench.analysis.plan.queue import Mix
from bench.analysis.plan.service_times import TooFewBatches, service_times
from bench.errors import NothingMeasured
from bench.experiments.arm_worker import ArmWorker, Subject
from bench.experiments.capacity.arm_probe import stamps_of
from bench.experiments.capacity.plan import readable_rate, short_requests
from bench.experiments.plan.arm_limits import batch_limits
from bench.experiments.plan.budget import Budget
from bench.measure.recorder import Outcome
from bench.measure.slices import SETTLING_SHARE, Slice
from bench.measure.worker import Served
from bench.quantities import interval, quantity
from bench.scenario import LoadTable
from recsys.types import RequestKind

ALONE_REQUESTS = 200
SIZE_S, FEWEST_BATCHES, MOST_BATCHES = 1.5, 30, 200
"""Of a batch size: about so many seconds, within so many batches."""
FED_SHARES = (0.6,)
HELD_OUT_SHARES = (0.5, 0.3, 0.7)
"""Of the predicted capacity of one replica, in the order in which they are measured; then the share planned at."""
MOST_REQUESTS = 20_000
CHECK = Effort(requests=0, repetitions=20)
"""A schedule has its own length."""
FEWEST_ANSWERED = 0.99
"""Of a block's requests: with fewer, those that were answered are no sample of all."""
SEARCH = Effort(requests=20_000, repetitions=5)
Say = Callable[[str], None]


@dataclass(frozen=True)
class ArmMeasurement:
    """replica: as simulated after all that it was fed. readings: of the probes during the fed points, summed."""

    replica: Replica
    capacity_per_s: float
    checks: tuple[HeldOutPoint, ...]
    joules: float | None
    rss_bytes: float | None
    notes: tuple[str, ...]


class ArmMeasuring:
    """One arm's worker, and what was seen of it so far. draw: the scenario's arrivals."""

    def __init__(self, worker: ArmWorker, subject: Subject, slo: Slo, draw: Draw, budget: Budget) -> None:
        self._worker, self._subject, self._slo, self._draw, self._budget = worker, subject, slo, draw, budget
        self._limits = batch_limits(subject.arm)
        self._seen: list[Observations] = []
        self._fed: list[tuple[Served, Slice]] = []

    def run(self, say: Say) -> ArmMeasurement:
        """Batch sizes, points that are fed, points that are held out. Raises NothingMeasured, ArmFailed."""
        self._measure_sizes()
        base_per_s = self._planned_for(self._replica())
        say(f"batches {', '.join(map(str, self._replica().service.measured))}: about {quantity(base_per_s, '/s')}")
        for number, share in enumerate(FED_SHARES):
            self._feed(share * base_per_s, number)
        replica = self._replica()
        capacity = self._capacity(replica)
        base_per_s = self._planned_for(replica)
        checks = []
        for number, share in enumerate(self._held_out_shares, len(FED_SHARES)):
            checks.append(self._check(replica, share, share * base_per_s, number))
            say(_said(checks[-1], self._slo))
        return ArmMeasurement(
            replica=replica,
            capacity_per_s=capacity,
            checks=tuple(sorted(checks, key=lambda point: point.rate_per_s)),
            joules=self._joules(),
            rss_bytes=max((served.readings.get("peak_rss_bytes", 0.0) for served, _ in self._fed), default=0.0) or None,
            notes=tuple(self._worker.notes),
        )

    @property
    def _held_out_shares(self) -> tuple[float, ...]:
        """Each once."""
        return tuple(dict.fromkeys((*HELD_OUT_SHARES, self._budget.share)))

    def _measure_sizes(self) -> None:
        """Sizes 1, 2, 4 … as queries of so many requests; where nothing is batched, 1 alone."""
        served, _ = self._observe(*self._worker.serve(LoadTable(kind="single_stream", requests=ALONE_REQUESTS)))
        each_s = served.wall_s / ALONE_REQUESTS
        for size in _sizes(self._limits.max_requests)[1:]:
            batches = min(MOST_BATCHES, max(FEWEST_BATCHES, math.ceil(SIZE_S / (each_s * size))))
            table = LoadTable(kind="multi_stream", requests=size * batches, requests_per_query=size)
            self._observe(*self._worker.serve(table))

    def _feed(self, rate_per_s: float, number: int) -> None:
        self._fed.append(self._observe(*self._at(readable_rate(rate_per_s), number)))

    def _check(self, replica: Replica, share: float, rate_per_s: float, number: int) -> HeldOutPoint:
        """Measure, then predict on the same schedule."""
        rate_per_s = readable_rate(rate_per_s)
        served, part = self._at(rate_per_s, number)
        kinds = self._worker.kinds(part)
        stamps = stamps_of(served, kinds == RequestKind.RECOMMEND, SETTLING_SHARE)
        measured = judge(stamps, Offered(rate_per_s, number, replica.most_per_s), self._slo)
        told = predict_schedule(replica, served.intended_ns, kinds, self._slo.p, CHECK)
        return HeldOutPoint(rate_per_s, share, told, measured)

    def _at(self, rate_per_s: float, number: int) -> tuple[Served, Slice]:
        most = min(MOST_REQUESTS, math.ceil(rate_per_s * self._budget.point_s))
        return self._worker.serve_at(rate_per_s, max(short_requests(self._slo), most), number)

    def _observe(self, served: Served, part: Slice) -> tuple[Served, Slice]:
        """Keep what the block shows. Raises NothingMeasured where requests failed: those that do not are no sample."""
        answered = served.outcomes == Outcome.ANSWERED
        if answered.mean() < FEWEST_ANSWERED:
            reasons = "; ".join(served.errors) or "not answered"
            raise NothingMeasured(
                f'arm "{self._subject.arm.name}": {1 - answered.mean():.0%} of the requests failed: {reasons}. '
                f"Next: `llm-rec-bench run` with --arm {self._subject.arm.name} counts them by kind"
            )
        block = _block(served, self._worker.kinds(part), answered, self._limits.max_wait_ns)
        self._seen.append(observe(block, self._subject.arm.workers))
        return served, part

    def _replica(self) -> Replica:
        """As far as it was seen. Raises NothingMeasured."""
        arm, seen = self._subject.arm, together(self._seen)
        if self._fed:
            seen = replace(seen, tokens=self._settled_tokens())
        try:
            times = service_times(seen, self._limits.max_requests, has_cache=arm.cache is not None)
        except TooFewBatches as error:
            raise NothingMeasured(
                f'arm "{arm.name}": {error}. Next: lower requests.feedback_share and ingest_share, so that more ask '
                "for lists"
            ) from error
        kinds = self._worker.trace.kind
        mix = Mix(float((kinds == RequestKind.FEEDBACK).mean()), float((kinds == RequestKind.INGEST).mean()))
        return Replica(times, self._limits, mix, arm.workers)

    def _settled_tokens(self) -> npt.NDArray[np.int32]:
        """Of the lists of the fed points, each without its first fifth.

        Every block begins with the cache of the warm-up, so short blocks, and the start of a long one, meet more
        misses than the load does.
        """
        settled = []
        for served, part in self._fed:
            stamps = stamps_of(served, self._worker.kinds(part) == RequestKind.RECOMMEND, SETTLING_SHARE)
            settled.append(np.maximum(served.tokens, 0)[stamps.counted & stamps.answered])
        return np.concatenate(settled)

    def _capacity(self, replica: Replica) -> float:
        return capacity_per_s(replica, self._draw, self._slo, SEARCH)

    def _planned_for(self, replica: Replica) -> float:
        """The capacity; where no rate keeps the limit, what the server can do: there is a check all the same."""
        return self._capacity(replica) or replica.most_per_s

    def _joules(self) -> float | None:
        """A request, of the packages and, of an arm on one, the GPU; None where a counter is missing."""
        names = ["cpu_energy_j"] + ["gpu_energy_j"] * (self._subject.arm.device != "cpu")
        found = [served.readings.get(name) for served, _ in self._fed for name in names]
        known = [joules for joules in found if joules is not None]
        requests = sum(len(part) for _, part in self._fed)
        return sum(known) / requests if known and len(known) == len(found) else None


def _sizes(most: int) -> list[int]:
    """1, 2, 4 … and the longest batch itself."""
    sizes = [2**power for power in range(int(math.log2(most)) + 1)]
    return sizes if sizes[-1] == most else [*sizes, most]


def _block(served: Served, kinds: npt.NDArray[np.int8], answered: npt.NDArray[np.bool_], wait_ns: int) -> ServedBlock:
    """The answered requests' stamps."""
    ends_ns = served.stage_ends_ns
    return ServedBlock(
        intended_ns=served.intended_ns[answered],
        taken_ns=served.taken_ns[answered],
        prepared_ns=ends_ns["prepare"][answered],
        left_ns=ends_ns["batch_wait"][answered],
        ended_ns=served.observed_ns[answered],
        kind=kinds[answered],
        tokens=np.maximum(served.tokens, 0)[answered],
        wait_ns=wait_ns,
    )


def _said(point: HeldOutPoint, slo: Slo) -> str:
    tail = point.measured.tail
    measured = f"measured {quantity(tail.point, 'ms')} {interval(tail.low, tail.high)}"
    predicted = quantity(point.predicted.tail_ms.point, "ms")
    return f"{point.rate_per_s:g}/s: {slo.name} predicted {predicted}, {measured}"
