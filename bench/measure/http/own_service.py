"""This project's own service, started for a run: a process of its own that ends with the one that began it."""

from __future__ import annotations

import contextlib
import json
import pickle
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from bench.child_process import end
from bench.errors import ConfigError
from bench.scenario import ArmTable, Scenario
from recsys.errors import (
    BadOptions,
    DataError,
    MissingDevice,
    MissingLibrary,
    MissingServer,
    ModelError,
    RecsysError,
    UnknownKind,
)

MODULE = "bench.service"
END_LIMIT_S = 15.0
_KINDS = (MissingLibrary, MissingDevice, MissingServer, UnknownKind, BadOptions, ModelError, DataError, ConfigError)
ERRORS: Mapping[str, type[RecsysError] | type[ConfigError]] = MappingProxyType(
    {error.__name__: error for error in _KINDS}
)
"""What the service's process can say of what it was asked for, by name."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be served: its process reads this from its standard input."""

    scenario: Scenario
    arm: ArmTable
    data_dirs: tuple[Path, ...]
    queue_limit: int
    answer_s: float


class OwnService:
    """The process. It answers on `url` and ends when `close` is called, or when this process is gone."""

    def __init__(self, order: Order) -> None:
        """Start it and wait until it listens. Raises what it says is wrong; RuntimeError when it says nothing."""
        self._process = subprocess.Popen([sys.executable, "-m", MODULE], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        content = pickle.dumps(order)
        with contextlib.suppress(BrokenPipeError):  # it has died already, and says nothing
            self._process.stdin.write(len(content).to_bytes(8, "big") + content)
            self._process.stdin.flush()
        said = json.loads(self._process.stdout.readline() or b"{}")
        if "url" not in said:
            self.close()
            silent = f"the service died at its start. Next: llm-rec-bench serve SCENARIO --arm {order.arm.name}"
            raise ERRORS.get(said.get("error", ""), RuntimeError)(said.get("message", silent))
        self.url = str(said["url"])
        self.process = self._process.pid

    def close(self) -> None:
        """Let it finish what it has, and end it."""
        end(self._process, END_LIMIT_S)
