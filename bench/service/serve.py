"""From an arm to a listening service, and to its end: it finishes what waits, takes nothing new, and exits with 0."""

from __future__ import annotations

import signal
import socket
import sys
import threading
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from bench.clock import MonotonicClock
from bench.errors import ConfigError
from bench.measure.arm import build_arm
from bench.measure.noise import noisy_data
from bench.scenario import ArmTable, Scenario
from bench.service.engine import Engine
from bench.service.limits import ServiceLimits
from bench.service.routes import Routes, Served
from bench.service.world import World
from recsys.data import Dataset

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette

SWITCH_INTERVAL_S = 0.0005
"""How long a worker may keep the interpreter while the event loop waits for it; Python's own 5 ms would be a stage."""
GRACE_S = 5.0
"""Beyond the limit of an answer: how long connections may stay open when the service ends."""
KEEP_ALIVE_S = 75
"""How long a connection may rest between requests: longer than a client rests between two blocks."""
BACKLOG = 2048
"""Connections that the system keeps waiting until the event loop takes them."""
PROJECT = "llm-rec-bench"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a service listens; port 0 = a free one. rewinds: whether /rewind is there, for measurements."""

    host: str = "127.0.0.1"
    port: int = 8000
    rewinds: bool = False


def build_service(
    scenario: Scenario, arm: ArmTable, dataset: Dataset, limits: ServiceLimits, *, rewinds: bool
) -> tuple[Engine, Starlette]:
    """The arm on the data up to its end, behind its routes; its workers begin and end with the application.

    Raises what `build_arm` raises.
    """
    from starlette.applications import Starlette
    from starlette.routing import Route

    met = noisy_data(scenario, arm, dataset)
    engine = Engine(build_arm(scenario, arm, met, MonotonicClock()), limits)
    world = World(met, scenario.requests.k)
    engine.rewind(world.now_s, forget_cached=False)
    model = arm.encoder.options.get("model")
    models = (arm.name, model) if isinstance(model, str) else (arm.name,)
    routes = Routes(engine, world, limits, Served(_identity(scenario, arm, met, engine, rewinds), models, rewinds))
    table = [Route(path, endpoint, methods=[method]) for path, method, endpoint in routes.table()]
    return engine, Starlette(routes=table, exception_handlers={404: routes.unknown, 405: routes.unknown})


def bind(place: Place) -> socket.socket:
    """A socket of this address, on which nobody listens yet. Raises ConfigError where it cannot be had."""
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((place.host, place.port))
    except OSError as error:
        sock.close()
        raise ConfigError(
            f"cannot listen on {place.host}:{place.port}: {error}. Next: another --port, 0 for a free one"
        ) from error
    return sock


def serve(engine: Engine, app: Starlette, sock: socket.socket, limits: ServiceLimits, until: IO[bytes] | None) -> None:
    """Serve until SIGTERM or SIGINT, or until the end of `until` where one is given; then drain."""
    import uvicorn

    from bench.service.bounded_head import BoundedHead

    sys.setswitchinterval(SWITCH_INTERVAL_S)
    config = uvicorn.Config(
        app, http=BoundedHead, lifespan="off", log_level="warning", access_log=False, server_header=False,
        date_header=False, timeout_keep_alive=KEEP_ALIVE_S, timeout_graceful_shutdown=round(limits.answer_s + GRACE_S),
    )  # fmt: skip
    server = uvicorn.Server(config)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _nothing)  # the server takes both, and raises them again when it has ended well
    if until is not None:
        threading.Thread(target=_stop_at_end, args=(server, until), daemon=True).start()
    engine.start()
    try:
        server.run(sockets=[sock])
    finally:
        engine.drain()


def _identity(scenario: Scenario, arm: ArmTable, dataset: Dataset, engine: Engine, rewinds: bool) -> dict[str, Any]:
    return {
        "service": PROJECT,
        "scenario": scenario.name,
        "arm": arm.name,
        "data_sha256": dataset.sha256,
        "items": len(dataset.items),
        "k": scenario.requests.k,
        "rewinds": rewinds,
        **engine.describe(),
    }


def _stop_at_end(server: uvicorn.Server, until: IO[bytes]) -> None:
    while until.read(1):
        pass
    server.should_exit = True


def _nothing(*_: object) -> None:
    """A signal that has been heard already."""
