"""The project's own kernels: C++ that is compiled on first use for this CPU, and kept in the artefact cache."""

from __future__ import annotations

import ctypes
import hashlib
import logging
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

LOG = logging.getLogger(__name__)
Instructions = Literal["amx", "avx512"]

SOURCES = Path(__file__).with_name("native")
COMPILER_VARIABLE = "CXX"
COMPILERS = ("c++", "g++", "clang++")
FLAGS = ("-std=c++17", "-O3", "-ffp-contract=off", "-fopenmp", "-shared", "-fPIC", "-w")
"""Without fast-math and contraction the same sums are made in the same order, whatever the compiler."""
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
MOST_LINES = 3
INSTEAD = 'kind = "onnx" or "transformer"'


class CannotCompile(MissingLibrary):
    """There is a compiler, and what it makes of the kernels is of no use."""


@dataclass(frozen=True, slots=True)
class NativeLibrary:
    """functions: of native/bert.cpp. instructions: what they multiply by. key: that of the artefact."""

    functions: ctypes.CDLL
    instructions: Instructions
    key: str


def load_library(instructions: Instructions | None = None) -> NativeLibrary:
    """The library for these instructions; None = the fastest that CPU, system and compiler allow here.

    Raises MissingDevice without them, MissingLibrary without a C++ compiler, CannotCompile where it does not know them.
    """
    here = instructions_here()
    refusal: CannotCompile | None = None
    for name in here if instructions is None else [name for name in here if name == instructions]:
        try:
            path = _compiled(name)
            functions = _loaded(path)
        except CannotCompile as error:
            LOG.warning("%s", error)
            refusal = error
            continue
        if functions.may_run():
            return NativeLibrary(functions, name, path.parent.name)
    if refusal:
        raise refusal
    raise MissingDevice(
        f'encoder "native": it is written for {instructions or "AMX, or AVX-512 with VNNI,"} on Linux. This CPU has '
        f"{', '.join(here) or 'neither'}{', which this system withholds' if here else ''}. Next: {INSTEAD}"
    )


def instructions_here() -> tuple[Instructions, ...]:
    """Those that this CPU has, the fastest first; the system may still withhold them."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        return ()
    return tuple(name for name, needed in NEEDED.items() if needed <= set(cpu_features()))


def compiler_here() -> list[str]:
    """The words of $CXX, or the first of the usual compilers. Raises MissingLibrary."""
    variable = os.environ.get(COMPILER_VARIABLE, "")
    try:
        named = shlex.split(variable)
    except ValueError:  # a quotation without an end
        named = [variable]
    for command in [named] if named else [[name] for name in COMPILERS]:
        if shutil.which(command[0]):
            return command
    sought = f"${COMPILER_VARIABLE} = {variable}" if named else f"none of {', '.join(COMPILERS)}"
    raise MissingLibrary(
        f'encoder "native" is compiled on first use, and there is no C++ compiler: {sought}. '
        f"Next: install g++, name a compiler in ${COMPILER_VARIABLE}, or {INSTEAD}"
    )


def _loaded(path: Path) -> ctypes.CDLL:
    """Raises CannotCompile where the system refuses it."""
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise CannotCompile(
            f'encoder "native": what was compiled cannot be loaded: {error}. Next: ${CACHE_VARIABLE} = a folder from '
            f"which libraries may be loaded, a ${COMPILER_VARIABLE} whose own libraries are found here, or {INSTEAD}"
        ) from error


def _compiled(instructions: Instructions) -> Path:
    """The library's file, compiled before or now."""
    compiler = compiler_here()
    flags = [*FLAGS, *_instruction_flags(instructions)]
    inputs = {"sources": _sources_sha256(), "compiler": _version(compiler), "command": compiler[1:], "flags": flags}
    recipe = Recipe(f"native-{instructions}", "bert.so", inputs)
    return ArtefactCache().get(recipe, lambda path: _compile(compiler, flags, path))


def _instruction_flags(instructions: Instructions) -> list[str]:
    """For what this CPU has; tiles only where they are asked for."""
    allowed = [name for name in cpu_features() if instructions == "amx" or not name.startswith("amx")]
    return [flag for name in allowed for flag in FEATURE_FLAGS.get(name, ())]


def _version(compiler: list[str]) -> str:
    """What the compiler says of itself, its first line."""
    return _answer([*compiler, "--version"]).stdout.partition("\n")[0]


def _sources_sha256() -> str:
    digest = hashlib.sha256()
    for path in sorted(SOURCES.glob("*.?pp")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _compile(compiler: list[str], flags: list[str], path: Path) -> None:
    """Write the library. Raises CannotCompile with what the compiler calls errors."""
    answer = _answer([*compiler, *flags, "-o", str(path), str(SOURCES / "bert.cpp")])
    if answer.returncode:
        lines = answer.stderr.strip().splitlines()
        words = " / ".join(([line for line in lines if "error" in line] or lines)[:MOST_LINES])
        raise CannotCompile(
            f'encoder "native": {shlex.join(compiler)} ({_version(compiler)}) cannot compile it: {words}. '
            f"Next: g++ 11 or newer with OpenMP, named in ${COMPILER_VARIABLE}, or {INSTEAD}"
        )


def _answer(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
