"""The service of a run's arm: reads what to serve from standard input, says where, and ends when that input does."""

from __future__ import annotations

import json
import os
import pickle
import sys
from typing import TextIO

from bench.errors import BenchError
from bench.measure.http.own_service import Order
from bench.service.limits import ServiceLimits
from bench.service.require import require_libraries
from bench.service.serve import BACKLOG, Place, bind, build_service, serve
from bench.threads import let_threads_sleep
from recsys.data.loading import load_dataset
from recsys.errors import RecsysError


def main() -> int:
    """Serve the order until the end of standard input."""
    answers = _answers_alone()
    let_threads_sleep()
    length = int.from_bytes(sys.stdin.buffer.read(8), "big")
    order: Order = pickle.loads(sys.stdin.buffer.read(length))
    limits = ServiceLimits(queue=order.queue_limit, answer_s=order.answer_s)
    try:
        require_libraries()
        data = order.scenario.data
        dataset = load_dataset(data.kind, data_dirs=order.data_dirs, **data.options)
        engine, app = build_service(order.scenario, order.arm, dataset, limits, rewinds=True)
        sock = bind(Place(port=0))
    except (BenchError, RecsysError) as error:
        _say(answers, {"error": type(error).__name__, "message": str(error)})
        return 2
    sock.listen(BACKLOG)
    _say(answers, {"url": f"http://127.0.0.1:{sock.getsockname()[1]}"})
    serve(engine, app, sock, limits, sys.stdin.buffer)
    return 0


def _answers_alone() -> TextIO:
    """Standard output for what this module says; what libraries print there goes to standard error from now on."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


def _say(answers: TextIO, line: dict[str, str]) -> None:
    answers.write(json.dumps(line) + "\n")
    answers.flush()


if __name__ == "__main__":
    sys.exit(main())
