"""What a run ran on: the environment block. No host name, user name or path: runs are published."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import psutil

from bench.measure.knobs import MACHINE, Unreadable
from bench.measure.knobs.clock import describe_clock
from bench.measure.knobs.governor import governors
from bench.measure.knobs.gpu import gpus
from bench.measure.knobs.kernel_files import read, usable_cpus
from bench.measure.knobs.quota import cpu_quota
from bench.measure.knobs.smt import smt_control
from bench.measure.knobs.threads import BUDGETS
from bench.threads import RECORDED

T = TypeVar("T")
LIBRARIES = (
    "torch",
    "transformers",
    "tokenizers",
    "onnxruntime",
    "onnxruntime-gpu",
    "numpy",
    "scipy",
    "scikit-learn",
    "pandas",
    "pyarrow",
)
TELLING_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "avx_vnni", "amx_int8", "amx_bf16")
THREAD_VARIABLES = (
    *RECORDED,
    *BUDGETS,
    "TOKENIZERS_PARALLELISM",
    "PYTHONHASHSEED",
)


def describe_environment() -> dict[str, Any]:
    """Nested plain values; what cannot be read is left out."""
    return {
        "machine": _machine(),
        "cpu": _cpu(),
        "memory": {
            "ram_gb": round(psutil.virtual_memory().total / 1e9, 1),
            "swap_gb": round(psutil.swap_memory().total / 1e9, 1),
        },
        "gpu": [", ".join((gpu["name"], gpu["driver_version"], gpu["memory.total"])) for gpu in gpus()],
        "python": {"version": platform.python_version(), "implementation": platform.python_implementation()},
        "libraries": _versions(),
        "threads": {name: os.environ[name] for name in THREAD_VARIABLES if name in os.environ},
        "clock": describe_clock(MACHINE),
        "code": _code(),
    }


def load_average() -> float | None:
    """Runnable threads over the last minute, None where it cannot be read."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def _machine() -> dict[str, Any]:
    return {
        "id": hashlib.sha256(f"{platform.node()}/{_cpu_model()}".encode()).hexdigest()[:12],
        "os": platform.system(),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "virtual": _cpu_line("flags").split().count("hypervisor") > 0,
    }


def _cpu() -> dict[str, Any]:
    flags = set(_cpu_line("flags").split())
    described: dict[str, Any] = {
        "model": _cpu_model(),
        "family": f"family {_cpu_line('cpu family')} model {_cpu_line('model')}",
        "cores": psutil.cpu_count(logical=False),
        "threads": psutil.cpu_count(),
        "usable": _told(lambda root: len(usable_cpus(root))) or psutil.cpu_count(),
        "flags": " ".join(flag for flag in TELLING_FLAGS if flag in flags),
        "governor": _told(lambda root: governors(root)[0]),
        "smt": _told(smt_control),
        "quota": _told(lambda root: cpu_quota(root).text),
    }
    return {name: value for name, value in described.items() if value not in ("", None)}


def _versions() -> dict[str, str]:
    versions = {}
    for name in LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _code() -> dict[str, Any]:
    """Version and, in a checkout, commit and whether it has changes."""
    described: dict[str, Any] = {}
    try:
        described["version"] = importlib.metadata.version("llm-rec-bench")
    except importlib.metadata.PackageNotFoundError:
        described["version"] = "not installed"
    root = Path(__file__).parents[2]
    if (root / ".git").exists():
        commit = _git(root, "rev-parse", "--short=12", "HEAD")
        if commit:
            described |= {
                "commit": commit,
                "changed": bool(_git(root, "status", "--porcelain", "--untracked-files=no")),
            }
    return described


def _git(root: Path, *words: str) -> str:
    try:
        return subprocess.run(
            ["git", *words], cwd=root, capture_output=True, text=True, timeout=20, check=True
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def _cpu_model() -> str:
    return _cpu_line("model name") or platform.processor() or platform.machine()


def _cpu_line(key: str) -> str:
    """A line of the first processor in /proc/cpuinfo."""
    for line in (_told(lambda root: read(root, "proc/cpuinfo")) or "").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return ""


def _told(reader: Callable[[Path], T]) -> T | None:
    """What a knob's reader says of this machine, None where it cannot be read."""
    try:
        return reader(MACHINE)
    except Unreadable:
        return None
