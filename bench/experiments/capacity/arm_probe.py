"""Probes of one arm: one worker, kept over all of them, serves a fresh schedule at each rate."""

from __future__ import annotations

import numpy as np

from bench.analysis.capacity.judgement import Offered, Stamps, judge
from bench.analysis.capacity.probe_result import ProbeResult
from bench.analysis.capacity.slo import Slo
from bench.experiments.arm_worker import ArmWorker, Subject
from bench.measure.recorder import Outcome
from bench.measure.slices import SETTLING_SHARE
from bench.measure.worker import Served
from bench.scenario import LoadTable
from recsys.types import RequestKind


class ArmProbe:
    """Serves probes with one worker. Use as a context. `notes`: sentences on what had to be done twice."""

    def __init__(self, subject: Subject, slo: Slo) -> None:
        """Read the data. Raises ConfigError and DataError for what cannot be used."""
        self.slo = slo
        self._worker = ArmWorker(subject)
        self._offline_per_s = 0.0

    @property
    def notes(self) -> list[str]:
        """On what had to be done twice."""
        return self._worker.notes

    def __enter__(self) -> ArmProbe:
        """Load and warm up. Raises ArmFailed."""
        self._worker.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._worker.__exit__(*exception)

    def measure_offline(self, requests: int) -> float:
        """Answers a second with all requests at once."""
        served, part = self._worker.serve(LoadTable(kind="offline", requests=requests))
        self._offline_per_s = len(part) / max(served.wall_s, 1e-9)
        return self._offline_per_s

    def one_by_one(self, requests: int) -> ProbeResult:
        """What a request takes while nothing ever waits."""
        served, part = self._worker.serve(LoadTable(kind="single_stream", requests=requests))
        asked = self._worker.kinds(part) == RequestKind.RECOMMEND
        return judge(stamps_of(served, asked, 0.0), Offered(0.0, 0, self._offline_per_s), self.slo)

    def __call__(self, rate_per_s: float, requests: int, number: int) -> ProbeResult:
        """One probe: a fresh schedule, served until nothing waits. number: of its random stream."""
        served, part = self._worker.serve_at(rate_per_s, requests, number)
        asked = self._worker.kinds(part) == RequestKind.RECOMMEND
        stamps = stamps_of(served, asked, SETTLING_SHARE)
        return judge(stamps, Offered(rate_per_s, number, self._offline_per_s), self.slo)


def stamps_of(served: Served, asked: np.ndarray, settling: float) -> Stamps:
    """What is judged of a block. asked bool [n]: the requests for a list. settling: first share that does not count."""
    ends_ns = served.stage_ends_ns
    in_batch_ns = ends_ns["batch_wait"] - ends_ns["prepare"]
    return Stamps(
        intended_ns=served.intended_ns,
        ended_ns=served.observed_ns,
        service_ns=served.observed_ns - served.taken_ns - in_batch_ns,
        answered=served.outcomes == Outcome.ANSWERED,
        counted=asked & (np.arange(len(asked)) >= settling * len(asked)),
    )
