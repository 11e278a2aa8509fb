"""Workers of Ray, each with an encoder of its own, on this machine or on a cluster that is joined.

A worker that dies is started anew and its shard handed out again, WORKER_LIVES times at the most.
"""

from __future__ import annotations

import contextlib
import logging
import math
import pickle
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import Field

from bench.clock import nap
from bench.errors import ConfigError, WorkersLost
from bench.experiments.encode_catalogue.cut import Shard
from bench.experiments.encode_catalogue.engines import ENGINES, Labour
from bench.experiments.encode_catalogue.recipe import EncoderRecipe
from bench.experiments.encode_catalogue.shard import Destination, ShardReport, encode_shard
from bench.ray_cluster import HERE, ray_cluster
from recsys.encoders.protocol import Encoder, EncoderInfo
from recsys.options import OptionsModel

if TYPE_CHECKING:
    import pyarrow as pa

REQUIRES = ("ray",)
EXTRA = "ray"

WORKER_LIVES = 3
"""A text that kills whoever encodes it would otherwise do so for ever."""
FREE_WITHIN_S = 30
"""Those who had the CPUs before are gone by then, or will be there for long."""
CUDA = "cuda"


class RayOptions(OptionsModel):
    """workers: that encode beside one another. address: of a cluster to join, "" starts one on this machine.

    On this machine the workers divide the arm's threads, one each at the least; on a cluster that is joined each has as
    many as the arm says, on one machine. Data are read here alone; the folder must be seen by every machine.
    """

    workers: int = Field(2, ge=1)
    address: str = HERE


@ENGINES.register("ray")
class RayEngine:
    """Ray Data hands shards to a pool of actors."""

    Options: ClassVar[type[OptionsModel]] = RayOptions

    def __init__(self, options: RayOptions, recipe: EncoderRecipe) -> None:
        is_here = options.address == HERE
        if is_here and options.workers > recipe.threads:
            raise ConfigError(
                f'engine "ray": {options.workers} workers, and {recipe.threads} threads for them to divide. Next: '
                "--engine-set workers=1, --set arm.NAME.threads=N, or --engine local"
            )
        threads = recipe.threads // options.workers if is_here else recipe.threads
        self.labour = Labour(options.workers, threads, is_here)
        self._recipe = replace(recipe, threads=threads)
        self._cluster = ray_cluster(cpus=options.workers * threads + 1, address=options.address)
        self._exit = contextlib.ExitStack()

    def __enter__(self) -> Self:
        self._exit.enter_context(self._cluster)
        try:
            self._check_room()
            self._needs = {"num_cpus": self.labour.threads, "num_gpus": self._gpu_share()}
        except BaseException:
            self._exit.close()
            raise
        if self._needs["num_gpus"]:
            self._recipe = replace(self._recipe, device=CUDA)  # a worker sees the one that it was given
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exit.close()

    def describe(self) -> EncoderInfo:
        """Built once by a process of the cluster, which ends with that."""
        import ray

        task = ray.remote(max_calls=1, max_retries=WORKER_LIVES, **self._needs)(_described)
        info: EncoderInfo = _good(_asked(lambda: ray.get(task.remote(self._recipe))))
        return info

    def encode(self, shards: Iterable[Shard], destination: Destination) -> Iterator[ShardReport]:
        """In whatever order they are done."""
        rows = [{"shard": pickle.dumps(shard)} for shard in shards]
        if not rows:
            return
        count, reports = len(rows), iter(self._pool(rows, destination).iter_rows())
        del rows  # Ray has them, and moves to disk what its memory does not hold
        for _ in range(count):
            yield _good(_asked(lambda: next(reports))["report"])

    def _pool(self, rows: list[dict[str, bytes]], destination: Destination) -> Any:
        """The data set of reports, not begun."""
        import ray.data

        logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # what fails is raised
        ray.data.DataContext.get_current().enable_progress_bars = False
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # how often an actor may die has no other place in map_batches yet
            return ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
                ShardWorker,
                fn_constructor_args=(self._recipe, destination),
                batch_size=1,
                batch_format="pyarrow",
                compute=ray.data.ActorPoolStrategy(size=self.labour.workers),
                max_restarts=WORKER_LIVES,
                max_task_retries=WORKER_LIVES,
                **self._needs,
            )

    def _check_room(self) -> None:
        """Raise ConfigError for more than the cluster has, or has free soon: Ray would wait without end, in silence."""
        import ray

        workers, threads = self.labour.workers, self.labour.threads
        machines = [int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]]
        if workers <= sum(cpus // threads for cpus in machines):
            for _ in range(FREE_WITHIN_S):
                if ray.available_resources().get("CPU", 0) >= workers * threads:
                    return
                nap(1.0)
        free = int(ray.available_resources().get("CPU", 0))
        raise ConfigError(
            f'engine "ray": {workers} workers with {threads} threads each, and the cluster has machines of '
            f"{', '.join(map(str, machines))} CPUs, {free} of them free. Next: fewer workers (--engine-set workers=N), "
            "or --set arm.NAME.threads=1"
        )

    def _gpu_share(self) -> float:
        """Of a GPU, for each worker; 0 for a device that is none. Raises ConfigError where the cluster has none."""
        if not self._recipe.device.startswith(CUDA):
            return 0
        import ray

        gpus = int(ray.cluster_resources().get("GPU", 0))
        if not gpus:
            raise ConfigError(
                f'engine "ray": the arm is on {self._recipe.device}, and the cluster has no GPU. Next: --device cpu, '
                "or the address of a cluster that has one"
            )
        return 1 / math.ceil(self.labour.workers / gpus)


class ShardWorker:
    """What an actor holds: the encoder, built once, when the first shard comes."""

    def __init__(self, recipe: EncoderRecipe, destination: Destination) -> None:
        self._recipe = recipe
        self._destination = destination

    def __call__(self, batch: pa.Table) -> dict[str, list[bytes]]:
        """One shard; what goes wrong is an answer too, or Ray would take it for its own."""
        [content] = batch["shard"].to_pylist()
        try:
            told: ShardReport | Exception = encode_shard(self._encoder, pickle.loads(content), self._destination)
        except Exception as error:  # noqa: BLE001 raised where the call was made
            told = error
        return {"report": [pickle.dumps(told)]}

    @cached_property
    def _encoder(self) -> Encoder:
        return self._recipe.build()


def _described(recipe: EncoderRecipe) -> bytes:
    try:
        with contextlib.closing(recipe.build()) as encoder:
            return pickle.dumps(encoder.info)
    except Exception as error:  # noqa: BLE001 raised where the call was made
        return pickle.dumps(error)


def _asked(ask: Callable[[], Any]) -> Any:
    """What Ray answers. Raises WorkersLost for its own troubles."""
    from ray.exceptions import RayError, RayTaskError

    try:
        return ask()
    except RayTaskError as error:
        reason = str(error).strip().splitlines()[-1]
        raise WorkersLost(f'engine "ray": a worker cannot do its work: {reason}. Next: mend that, there') from error
    except RayError as error:
        summary = str(error).strip().splitlines()[0]
        raise WorkersLost(
            f'engine "ray": a worker died again and again, or cannot be had ({type(error).__name__}: {summary}). '
            "The shards that were written stay. Next: fewer workers (memory), or --engine local, with the same --out"
        ) from error


def _good(content: bytes) -> Any:
    told = pickle.loads(content)
    if isinstance(told, Exception):
        raise told
    return told
