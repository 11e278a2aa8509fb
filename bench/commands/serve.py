"""Serve an arm's recommender over HTTP."""

from __future__ import annotations

from typing import Annotated

import typer

from bench.commands import COMMANDS
from bench.commands.options import DataDirOption, DeviceOption, ScenarioArgument, SetOption


@COMMANDS.register("serve")
def serve(  # noqa: PLR0913 a verb's options are its parameters
    scenario: ScenarioArgument,
    arm: Annotated[str, typer.Option("--arm", metavar="NAME", help="The arm.")],
    host: Annotated[
        str, typer.Option(help="The address to listen on; others than this machine's own are let in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 = a free one.")] = 8000,
    queue_limit: Annotated[int, typer.Option(min=1, help="So many wait; the next is answered 503.")] = 256,
    timeout_ms: Annotated[float, typer.Option(min=1.0, help="Later answers become 504.")] = 5000.0,
    rewind: Annotated[bool, typer.Option("--rewind", help="Let clients set the world back: for measurements.")] = False,
    set_: SetOption = None,
    device: DeviceOption = None,
    data_dir: DataDirOption = None,
) -> int:
    """Serve an arm's recommender over HTTP until it is told to end; what waits is then finished.

    Routes: /recommend, /feedback, /items, /v1/embeddings, /health, /metrics.
    """
    from bench.commands.terminal import Terminal
    from bench.scenario_file import Overrides, read_scenario
    from bench.service.limits import ServiceLimits
    from bench.service.require import require_libraries
    from bench.service.serve import BACKLOG, Place, bind, build_service
    from bench.service.serve import serve as serve_until_told
    from recsys.data.loading import data_dirs_from_environment, load_dataset

    require_libraries()
    resolved = read_scenario(scenario, Overrides(tuple(set_ or ()), (arm,), device)).scenario
    terminal = Terminal()
    limits = ServiceLimits(queue=queue_limit, answer_s=timeout_ms / 1000)
    with bind(Place(host, port)) as sock:
        data = resolved.data
        dataset = load_dataset(data.kind, data_dirs=data_dirs_from_environment(data_dir), **data.options)
        terminal.progress(f"{resolved.arm[0].title}: loading the model, encoding {len(dataset.items)} items")
        engine, app = build_service(resolved, resolved.arm[0], dataset, limits, rewinds=rewind)
        shown = f"[{host}]" if ":" in host else host
        sock.listen(BACKLOG)
        terminal.print(f"serving {arm} on http://{shown}:{sock.getsockname()[1]}")
        serve_until_told(engine, app, sock, limits, None)
    return 0
