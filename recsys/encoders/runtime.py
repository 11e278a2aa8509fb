"""Where an encoder runs: its device, its threads and, for those that wait, a clock."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from recsys.errors import BadOptions, MissingDevice

if TYPE_CHECKING:
    from recsys.serving.protocols import Clock

DEVICE = re.compile(r"(?P<family>cpu|cuda)(?::(?P<index>\d+))?")


@dataclass(frozen=True, slots=True)
class Runtime:
    """device: "cpu", "cuda" or "cuda:N". threads: for the computation. clock: None for kinds that do not wait."""

    device: str = "cpu"
    threads: int = 1
    clock: Clock | None = None


def usable_processors() -> int:
    """Those that the process may run on; whoever knows of a quota on their time gives a number of threads."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def require_device(kind: str, families: tuple[str, ...], device: str) -> None:
    """Raise BadOptions for a device the kind cannot use, MissingDevice for one this machine lacks."""
    match = DEVICE.fullmatch(device)
    if match is None or (match["family"] == "cpu" and match["index"]):
        raise BadOptions(f'encoder "{kind}": unknown device "{device}". Known: cpu, cuda (the first), cuda:N')
    if match["family"] not in families:
        raise BadOptions(f'encoder "{kind}" does not run on "{device}". Known: {", ".join(families)}')
    if match["family"] == "cuda":
        _require_cuda(kind, int(match["index"] or 0))


def _require_cuda(kind: str, index: int) -> None:
    """Raise MissingDevice unless PyTorch sees this CUDA device."""
    found = 0
    if find_spec("torch") is not None:
        import torch

        found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if index >= found:
        raise MissingDevice(
            f'encoder "{kind}" asks for "cuda:{index}", but PyTorch sees {found} CUDA devices here. '
            'Next: device = "cpu", or a PyTorch built for CUDA on a machine with a GPU'
        )
