"""One process of a gate: build an arm, warm it up, serve one block at every load point, say what was seen, end.

It is forked from a process that holds the data and the requests and nothing of the arm, so that a life costs little
more than building the arm, which is done anew each time.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil

from bench.clock import NS_PER_MS, MonotonicClock
from bench.measure.assignment import Assignment
from bench.measure.encoder_calls import EncoderCalls
from bench.measure.loads import LOADS
from bench.measure.recorder import Outcome
from bench.measure.slices import Slice, counted_requests
from bench.measure.targets.local import LocalTarget
from bench.measure.wire import send
from bench.measure.worker import Serve, Served, WarmUp, Worker, failure_of
from bench.traffic.trace import Trace
from recsys.types import RequestKind

CONTROL_SIZE = 192
CONTROL_ROUNDS = 15


@dataclass(frozen=True)
class Lived:
    """What one process measured. points: one entry a load point, plain values; modules: that building it imported."""

    points: list[dict[str, Any]]
    modules: list[str]


@dataclass(frozen=True, slots=True)
class Part:
    """One slice to serve, with its schedule where its load has one."""

    slice: Slice
    intended_ns: npt.NDArray[np.int64] | None


def live(connection: Connection, assignment: Assignment, trace: Trace, warmup: Slice, parts: Sequence[Part]) -> None:
    """Entry point of the process: sends a Lived, or a Failure. No parts: build the arm and no more."""
    inherited = set(sys.modules)
    try:
        with closing(Worker(assignment, trace)) as worker:
            points = _measure(worker, warmup, parts) if parts else []
        send(connection, Lived(points, sorted(sys.modules.keys() - inherited)))
    except Exception as error:  # noqa: BLE001 the parent must learn why, whatever it was
        send(connection, failure_of(error, traceback.format_exc()))


def _measure(worker: Worker, warmup: Slice, parts: Sequence[Part]) -> list[dict[str, Any]]:
    worker.settle()
    calls = EncoderCalls(worker.target.arm) if isinstance(worker.target, LocalTarget) else None
    worker.warm_up(WarmUp(warmup.low, warmup.high))
    points = [_serve(worker, calls, parts[0])]
    for part in parts[1:]:
        worker.rest()
        points.append(_serve(worker, calls, part))
    return points  # and the process ends: nobody waits for its threads to rest


def _serve(worker: Worker, calls: EncoderCalls | None, part: Part) -> dict[str, Any]:
    point = part.slice.point
    if point is None:
        raise ValueError("the warm-up slice is not measured")
    control_ms = control_product_ms(worker.clock)
    before = calls.counts() if calls else {}
    served = worker.measure(Serve(part.slice, part.intended_ns))
    passed = {name: count - before[name] for name, count in calls.counts().items()} if calls else {}
    settling = len(part.slice) - counted_requests(point, worker.scenario)
    kinds = worker.trace.kind[part.slice.low : part.slice.high]
    asked = (kinds == RequestKind.RECOMMEND) & (np.arange(len(kinds)) >= settling)
    ms = np.where(served.outcomes == Outcome.ANSWERED, (served.observed_ns - served.intended_ns) / NS_PER_MS, np.inf)
    cpu_s = served.readings.get("cpu_s")
    counters = {} if LOADS.get(point.table.kind).open_loop else _counters(served, passed, kinds, worker)
    return {
        "load": point.title,
        "response_ms": ms[asked].tolist(),
        "cpu_s": None if cpu_s is None else (cpu_s - served.spin_s) * float(asked.mean()),
        "control_ms": control_ms,
        "steal_share": served.readings.get("steal_s", 0.0) / (served.wall_s * (psutil.cpu_count() or 1)),
        "counters": counters,
        "errors": served.errors,
    }


def _counters(served: Served, passed: dict[str, int], kinds: npt.NDArray[np.int8], worker: Worker) -> dict[str, int]:
    """Exact ones: an open loop's batches depend on time and are left out by the caller."""
    counters = {
        "requests": len(kinds),
        "failed": int((served.outcomes != Outcome.ANSWERED).sum()),
        "tokens": int(served.tokens.sum()),
        "padded_tokens": int(served.padded_tokens.sum()),
        **passed,
    }
    if worker.table.cache is not None:
        counters["cache_hits"] = int(((served.tokens == 0) & (kinds == RequestKind.RECOMMEND)).sum())
    return counters


def control_product_ms(clock: MonotonicClock) -> float:
    """Median time of a fixed float32 product that contains nothing of the project."""
    left = np.full((CONTROL_SIZE, CONTROL_SIZE), 0.5, np.float32)
    took_ns = []
    for _ in range(CONTROL_ROUNDS):
        start_ns = clock.now_ns()
        left @ left
        took_ns.append(clock.now_ns() - start_ns)
    return float(np.median(took_ns)) / NS_PER_MS
