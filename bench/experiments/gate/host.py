"""The gate's end of the line to one side: starts its process in its checkout, asks, and ends it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from bench.child_process import end
from bench.errors import ConfigError, NothingMeasured
from bench.experiments.gate.messages import PROTOCOL, Measure, Measured, Prepare, Prepared, Refused

MODULE = "bench.experiments.gate.side"
END_LIMIT_S = 20.0


class SideHost:
    """One side's process. Use as a context: leaving it ends the process."""

    def __init__(self, name: str, checkout: Path) -> None:
        """Start it. name: for messages; checkout: the folder whose code it runs. Raises ConfigError."""
        self.name = name
        if not (checkout / Path(*MODULE.split("."))).with_suffix(".py").is_file():
            raise ConfigError(
                f"{name}: its code has no gate yet ({MODULE} is missing), so it cannot be held against another. "
                "Next: name a later revision"
            )
        path = os.pathsep.join([str(checkout), *filter(None, [os.environ.get("PYTHONPATH")])])
        self._process = subprocess.Popen(
            [sys.executable, "-m", MODULE],
            cwd=checkout,
            env=os.environ | {"PYTHONPATH": path, "PYTHONHASHSEED": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def __enter__(self) -> SideHost:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end(self._process, END_LIMIT_S)

    def begin(self, asked: Prepare) -> None:
        """Let it draw everything and build every arm once; `prepared` waits for it."""
        self._say(asked.model_dump_json())

    def prepared(self) -> Prepared:
        """What it says when it has begun. Raises ConfigError."""
        prepared = Prepared(**self._hear())
        if prepared.protocol != PROTOCOL:
            raise ConfigError(
                f"{self.name}: speaks version {prepared.protocol} of the gate's protocol, this program {PROTOCOL}. "
                "Next: name a revision nearer to this one"
            )
        return prepared

    def measure(self, asked: Measure) -> Measured:
        """One fresh process. Raises NothingMeasured when the side itself is gone."""
        self._say(asked.model_dump_json())
        return Measured(**self._hear())

    def _say(self, line: str) -> None:
        """One line; where nobody is left to read it, `_hear` says so."""
        if self._process.stdin is None:
            raise RuntimeError("the side was started without pipes")
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()

    def _hear(self) -> dict[str, object]:
        if self._process.stdout is None:
            raise RuntimeError("the side was started without pipes")
        answer = self._process.stdout.readline()
        if not answer:
            code = self._process.wait()
            raise NothingMeasured(f"{self.name}: its process died (exit code {code}). Next: see its messages above")
        content: dict[str, object] = json.loads(answer)
        if "exit_code" in content:
            refused = Refused(**content)
            raise ConfigError(f"{self.name}: {refused.reason}")
        return content
