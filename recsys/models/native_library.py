"""The project's own kernels: C++ that is compiled on first use for this CPU, and kept in the artefact cache."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from recsys.errors import MissingDevice, MissingLibrary
from recsys.models.artefacts import CACHE_VARIABLE, ArtefactCache, Recipe
from recsys.models.cpu_features import cpu_features

Instructions = Literal["amx", "avx512"]

SOURCES = Path(__file__).with_name("native")
COMPILER_VARIABLE = "CXX"
COMPILERS = ("c++", "g++", "clang++")
FLAGS = ("-std=c++17", "-O3", "-fopenmp", "-shared", "-fPIC", "-w")
"""No fast-math: the same sums in the same order, whatever the instructions."""
FEATURE_FLAGS = {
    "avx512_vnni": ("-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mavx512vnni", "-mfma"),
    "avx512_bf16": ("-mavx512bf16",),
    "amx_int8": ("-mamx-tile", "-mamx-int8"),
    "amx_bf16": ("-mamx-bf16",),
}
NEEDED: dict[Instructions, frozenset[str]] = {
    "amx": frozenset(FEATURE_FLAGS),
    "avx512": frozenset({"avx512_vnni"}),
}
"""The fastest first. What lies between the products is AVX-512 in either case; bf16 is left out where it is missing."""
LAST_LINES = 3


@dataclass(frozen=True, slots=True)
class NativeLibrary:
    """functions: of native/bert.cpp. instructions: what they multiply by."""

    functions: ctypes.CDLL
    instructions: Instructions


def load_library(instructions: Instructions | None = None) -> NativeLibrary:
    """The library for these instructions; None = the fastest that CPU and system allow here.

    Raises MissingDevice without them, and MissingLibrary without a C++ compiler that knows them.
    """
    here = instructions_here()
    wanted = here if instructions is None else tuple(name for name in here if name == instructions)
    for name in wanted:
        functions = _loaded(_compiled(name))
        if functions.may_run():
            return NativeLibrary(functions, name)
    raise MissingDevice(
        f'encoder "native": it is written for {instructions or "AMX, or AVX-512 with VNNI,"} on Linux, and this CPU or '
        f'system has {", ".join(here) or "neither"}. Next: kind = "int8" or "transformer"'
    )


def instructions_here() -> tuple[Instructions, ...]:
    """Those that this CPU has, the fastest first; the system may still withhold them."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        return ()
    return tuple(name for name, needed in NEEDED.items() if needed <= set(cpu_features()))


def _loaded(path: Path) -> ctypes.CDLL:
    """Raises MissingLibrary where the system refuses, for example in a folder from which nothing may be executed."""
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise MissingLibrary(
            f'encoder "native": what was compiled cannot be loaded: {error}. Next: ${CACHE_VARIABLE} = a folder from '
            'which libraries may be loaded, or kind = "int8" or "transformer"'
        ) from error


def _compiled(instructions: Instructions) -> Path:
    """The library's file, compiled before or now."""
    compiler = _compiler()
    flags = [*FLAGS, *_instruction_flags(instructions)]
    inputs = {"sources": _sources_sha256(), "compiler": _version(compiler), "flags": flags}
    recipe = Recipe(f"native-{instructions}", "bert.so", inputs)
    return ArtefactCache().get(recipe, lambda path: _compile(compiler, flags, path))


def _instruction_flags(instructions: Instructions) -> list[str]:
    """For what this CPU has; tiles only where they are asked for."""
    allowed = [name for name in cpu_features() if instructions == "amx" or not name.startswith("amx")]
    return [flag for name in allowed for flag in FEATURE_FLAGS.get(name, ())]


def _compiler() -> list[str]:
    """The words of $CXX, or the first of the usual compilers. Raises MissingLibrary."""
    named = shlex.split(os.environ.get(COMPILER_VARIABLE, ""))
    for command in [named] if named else [[name] for name in COMPILERS]:
        if shutil.which(command[0]):
            return command
    sought = f"${COMPILER_VARIABLE} = {shlex.join(named)}" if named else f"none of {', '.join(COMPILERS)}"
    raise MissingLibrary(
        f'encoder "native" is compiled on first use, and there is no C++ compiler: {sought}. '
        f'Next: install g++, name a compiler in ${COMPILER_VARIABLE}, or kind = "int8" or "transformer"'
    )


def _version(compiler: list[str]) -> str:
    """What the compiler says of itself, its first line."""
    answer = subprocess.run([*compiler, "--version"], capture_output=True, text=True, check=False)
    return answer.stdout.partition("\n")[0]


def _sources_sha256() -> str:
    digest = hashlib.sha256()
    for path in sorted(SOURCES.iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _compile(compiler: list[str], flags: list[str], path: Path) -> None:
    """Write the library. Raises MissingLibrary with the compiler's last words."""
    command = [*compiler, *flags, "-o", str(path), str(SOURCES / "bert.cpp")]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        words = " / ".join(answer.stderr.strip().splitlines()[-LAST_LINES:])
        raise MissingLibrary(
            f'encoder "native": {shlex.join(compiler)} ({_version(compiler)}) cannot compile it: {words}. '
            f'Next: g++ 11 or newer with OpenMP, named in ${COMPILER_VARIABLE}, or kind = "int8" or "transformer"'
        )
