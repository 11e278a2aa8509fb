"""MLPerf LoadGen doing the same, with what it says of itself: the floor to beat, and a second opinion.

Its log of single queries is kept only where latencies are wanted one by one: it would cost LoadGen time elsewhere.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.analysis.floor import LATENESS, Percentiles
from bench.analysis.known_queue import KnownQueue, PeerObserved
from bench.clock import NS_PER_MS, NS_PER_S, MonotonicClock
from bench.errors import NothingMeasured
from bench.experiments.calibration.null_system import NS_PER_US
from bench.experiments.calibration.serve_queue import SERVICE_SPIN_NS, TEXT, build_service
from bench.measure.collector import CollectorOff

if TYPE_CHECKING:
    from recsys.encoders.protocol import Encoder

LIBRARY = "mlperf_loadgen"
PACKAGE = "mlcommons-loadgen"
LATENCY_LIMIT_NS = NS_PER_S
"""What it is told to aim at; it judges by it and changes nothing."""
EXPECTED_LATENCY_NS = 10_000
COMPARED = (0.5, 0.9, 0.99)
_SAMPLES = 1024


def loadgen_is_installed() -> bool:
    """Whether the library is here; nothing is imported."""
    return find_spec(LIBRARY) is not None


@dataclass(frozen=True, slots=True)
class LoadGenCost:
    """Its single_stream scenario on a system whose callback completes at once."""

    seconds: float

    def run(self, clock: MonotonicClock) -> float:
        """Microseconds a request, LoadGen's overhead included, as it prints it."""
        settings = _settings("SingleStream")
        settings.min_duration_ms, settings.max_duration_ms = _duration_ms(self.seconds)
        settings.single_stream_expected_latency_ns = EXPECTED_LATENCY_NS
        with CollectorOff(clock):
            told = _run(settings, _complete_at_once)
        return 1e6 / _number(told.summary, "QPS w/ loadgen overhead")


@dataclass(frozen=True, slots=True)
class LoadGenLateness:
    """Its server scenario at a rate, on the same system: all latency it reports is its own lateness."""

    rate_per_s: float
    seconds: float
    seed: int

    def run(self, clock: MonotonicClock) -> Percentiles:
        """p50, p99 and p999 in microseconds, as it prints them."""
        settings = _settings("Server")
        settings.min_duration_ms, settings.max_duration_ms = _duration_ms(self.seconds)
        settings.server_target_qps = self.rate_per_s
        settings.server_target_latency_ns = LATENCY_LIMIT_NS
        settings.schedule_rng_seed = self.seed
        with CollectorOff(clock):
            told = _run(settings, _complete_at_once)
        return {name: _percentile_ns(told.summary, p) / NS_PER_US for name, p in LATENESS.items()}


@dataclass(frozen=True, slots=True)
class LoadGenQueue:
    """Its server scenario on a known queue."""

    queue: KnownQueue
    seed: int

    def run(self, clock: MonotonicClock) -> PeerObserved:
        """What it found."""
        settings = _settings("Server")
        settings.min_query_count = settings.max_query_count = self.queue.requests
        settings.min_duration_ms = 0
        settings.server_target_qps = self.queue.rate_per_s
        settings.server_target_latency_ns = LATENCY_LIMIT_NS
        settings.schedule_rng_seed = self.seed
        service = _FifoService(build_service(self.queue, self.seed, MonotonicClock(SERVICE_SPIN_NS)))
        with CollectorOff(clock):
            told = _run(settings, service.issue, trace=True)
        service.close()
        latencies_ns = np.array(re.findall(r'"complete_ns":(\d+)', told.trace), np.float64)
        printed_ms = {p: _percentile_ns(told.summary, p) / NS_PER_MS for p in COMPARED}
        return PeerObserved(latencies_ns / NS_PER_MS, printed_ms)


class _FifoService:
    """One thread that serves queries in their order, each in the time that an encoder takes for a text."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._waiting: SimpleQueue[int | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def issue(self, samples: list[Any]) -> None:
        """LoadGen's callback."""
        for sample in samples:
            self._waiting.put(sample.id)

    def close(self) -> None:
        """End the thread."""
        self._waiting.put(None)
        self._thread.join()

    def _serve(self) -> None:
        import mlperf_loadgen

        prepared = self._encoder.prepare([TEXT])
        while (query := self._waiting.get()) is not None:
            self._encoder.forward(prepared)
            mlperf_loadgen.QuerySamplesComplete([mlperf_loadgen.QuerySampleResponse(query, 0, 0)])


@dataclass(frozen=True, slots=True)
class _Told:
    """LoadGen's files."""

    summary: str
    trace: str


def _settings(scenario: str) -> Any:
    import mlperf_loadgen

    settings = mlperf_loadgen.TestSettings()
    settings.scenario = getattr(mlperf_loadgen.TestScenario, scenario)
    settings.mode = mlperf_loadgen.TestMode.PerformanceOnly
    settings.min_query_count = 1
    return settings


def _run(settings: Any, issue: Callable[[list[Any]], None], *, trace: bool = False) -> _Told:
    """Run it once; its files go to a folder that does not stay."""
    import mlperf_loadgen

    with TemporaryDirectory() as folder:
        output = mlperf_loadgen.LogOutputSettings()
        output.outdir = folder
        logging = mlperf_loadgen.LogSettings()
        logging.log_output, logging.enable_trace = output, trace
        system = mlperf_loadgen.ConstructSUT(issue, _nothing)
        samples = mlperf_loadgen.ConstructQSL(_SAMPLES, _SAMPLES, _nothing, _nothing)
        mlperf_loadgen.StartTestWithLogSettings(system, samples, settings, logging)
        mlperf_loadgen.DestroyQSL(samples)
        mlperf_loadgen.DestroySUT(system)
        texts = [Path(folder, f"mlperf_log_{name}") for name in ("summary.txt", "trace.json")]
        return _Told(*(path.read_text(encoding="utf-8") if path.exists() else "" for path in texts))


def _complete_at_once(samples: list[Any]) -> None:
    """LoadGen's callback of a null system."""
    import mlperf_loadgen

    mlperf_loadgen.QuerySamplesComplete([mlperf_loadgen.QuerySampleResponse(sample.id, 0, 0) for sample in samples])


def _nothing(*_: object) -> None:
    """A callback that has nothing to do."""


def _duration_ms(seconds: float) -> tuple[int, int]:
    """Shortest and longest duration."""
    return max(1, round(1000 * seconds)), max(2, round(2000 * seconds))


def _percentile_ns(summary: str, p: float) -> float:
    return _number(summary, f"{100 * p:.2f} percentile latency (ns)")


def _number(summary: str, key: str) -> float:
    """What stands behind a key. Raises NothingMeasured where LoadGen printed no such line."""
    found = re.search(rf"{re.escape(key)}\s*:\s*([\d.]+)", summary)
    if found is None:
        raise NothingMeasured(f'LoadGen printed no "{key}". Known: its version 6.0.17. Next: --skip-loadgen')
    return float(found.group(1))
