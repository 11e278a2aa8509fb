"""What a run ran on: the environment block. No host name, user name or path: runs are published."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import psutil

from bench.clock import check_clock
from bench.threads import RECORDED

LIBRARIES = (
    "torch",
    "transformers",
    "tokenizers",
    "onnxruntime",
    "numpy",
    "scipy",
    "scikit-learn",
    "pandas",
    "pyarrow",
)
TELLING_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "avx_vnni", "amx_int8", "amx_bf16")
THREAD_VARIABLES = (
    *RECORDED,
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TOKENIZERS_PARALLELISM",
    "PYTHONHASHSEED",
)
CPU_FOLDER = Path("/sys/devices/system/cpu")


def describe_environment() -> dict[str, Any]:
    """Nested plain values; what cannot be read is left out."""
    return {
        "machine": _machine(),
        "cpu": _cpu(),
        "memory": {
            "ram_gb": round(psutil.virtual_memory().total / 1e9, 1),
            "swap_gb": round(psutil.swap_memory().total / 1e9, 1),
        },
        "gpu": _gpus(),
        "python": {"version": platform.python_version(), "implementation": platform.python_implementation()},
        "libraries": _versions(),
        "threads": {name: os.environ[name] for name in THREAD_VARIABLES if name in os.environ},
        "clock": _clock(),
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
        "usable": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else psutil.cpu_count(),
        "flags": " ".join(flag for flag in TELLING_FLAGS if flag in flags),
        "governor": _read(CPU_FOLDER / "cpu0/cpufreq/scaling_governor"),
        "smt": _read(CPU_FOLDER / "smt/control"),
        "quota": _read(Path("/sys/fs/cgroup/cpu.max")),
    }
    return {name: value for name, value in described.items() if value not in ("", None)}


def _gpus() -> list[str]:
    """Names and drivers of NVIDIA GPUs; [] without the tool that tells."""
    query = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return answer.stdout.strip().splitlines()


def _versions() -> dict[str, str]:
    versions = {}
    for name in LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _clock() -> dict[str, Any]:
    quality = check_clock()
    return {
        "name": "CLOCK_MONOTONIC",
        "resolution_ns": quality.resolution_ns,
        "cost_ns": round(quality.cost_ns, 1),
        "monotonic": quality.monotonic,
        "source": _read(Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")),
    }


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
    for line in _read(Path("/proc/cpuinfo")).splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return ""


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
