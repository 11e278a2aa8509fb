"""A cluster of Ray for as long as a context lasts: one of this machine alone, or one that is joined.

Nothing of it is heard on the terminal, and nothing leaves the machine that was not asked for: no dashboard, no usage
statistics, and a cluster of its own listens on this machine's loopback.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.errors import ConfigError

STDERR = 2
HERE = ""
"""The address of a cluster that is started for the purpose, on this machine."""
OWN = "local"
"""Ray's word for one that is new: without it a cluster that the environment or an earlier one names is joined."""
LOOPBACK_ALONE = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""By this Ray takes the loopback for its node's address, instead of the one that leads out of the machine."""
SILENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_USAGE_STATS_PROMPT_ENABLED": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".*",  # what the cluster tells of workers that die: the engines say so themselves
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
"""Read by Ray when it is imported or started, in this process and in those that it starts."""


@contextmanager
def ray_cluster(cpus: int, address: str = HERE) -> Iterator[None]:
    """Be connected, with room for so many CPUs on a cluster of its own. One that this process has already is used.

    Raises ConfigError where nobody answers at the address.
    """
    os.environ.update(SILENT if address else SILENT | LOOPBACK_ALONE)
    import ray

    if ray.is_initialized():
        yield
        return
    where = {"address": address} if address else {"address": OWN, "num_cpus": cpus}
    try:
        with _hushed():
            ray.init(**where, include_dashboard=False, log_to_driver=False, logging_level=logging.CRITICAL)
    except (ConnectionError, TimeoutError, RuntimeError, ValueError) as error:
        raise ConfigError(f'engine "ray": {_why_none(address, error)}') from error
    try:
        yield
    finally:
        ray.shutdown()


def _why_none(address: str, error: Exception) -> str:
    if address:
        return f"no cluster at {address}: {error}. Next: see it with: ray status; without address one is started here"
    return f"no cluster can be started here: {error}. Next: free memory and /tmp, which it needs, or --engine local"


@contextmanager
def _hushed() -> Iterator[None]:
    """Nothing reaches the terminal meanwhile: Ray says there to which level of its log it was told to keep."""
    sys.stderr.flush()
    kept = os.dup(STDERR)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), STDERR)
        yield
    finally:
        os.dup2(kept, STDERR)
        os.close(kept)


def cluster_address() -> str:
    """Where another process of this machine joins the cluster that this one is connected with."""
    import ray

    return str(ray.get_runtime_context().gcs_address)


__all__ = ["HERE", "cluster_address", "ray_cluster"]
