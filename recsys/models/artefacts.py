"""A cache folder for what is slow to build from a model: exported and quantised graphs.

An artefact is a folder with the files that its builder wrote and a manifest that holds the size and sha256 of each.
Both are checked on every use; what is not as the manifest says is rebuilt, never trusted. Two processes may ask for
one artefact at once: a file lock lets one build, and a finished folder appears under its name in one step.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

LOG = logging.getLogger(__name__)
CACHE_VARIABLE = "LLM_REC_BENCH_CACHE"
CACHE_NAME = "llm-rec-bench"
MANIFEST = "manifest.json"
MANIFEST_VERSION = 2
KEY_CHARACTERS = 24


def cache_folder() -> Path:
    """$LLM_REC_BENCH_CACHE, or a folder of the project's name where this system keeps caches."""
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / CACHE_NAME
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / CACHE_NAME
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / CACHE_NAME


@dataclass(frozen=True, slots=True)
class Recipe:
    """What an artefact is made from and how; two that differ in anything have different keys.

    name: in folder names, for people. file: the one to open, of those that are built. inputs: weights' sha256,
    settings, the version of the recipe's own code, versions of libraries, CPU features: JSON values.
    """

    name: str
    file: str
    inputs: Mapping[str, object]

    @property
    def key(self) -> str:
        """The folder's name: readable, then a hash of all inputs."""
        canonical = json.dumps({"manifest": MANIFEST_VERSION, "file": self.file, **self.inputs}, sort_keys=True)
        return f"{self.name}-{hashlib.sha256(canonical.encode()).hexdigest()[:KEY_CHARACTERS]}"


class ArtefactCache:
    """Artefacts under one folder, built on first use."""

    def __init__(self, folder: Path | None = None) -> None:
        """folder: None = `cache_folder()`. Created when it is first written to."""
        self.folder = (folder or cache_folder()) / "artefacts"

    def state(self) -> frozenset[tuple[str, int]]:
        """What has been built so far: keys with the ns at which each was; differs after a build."""
        manifests = self.folder.glob(f"*/{MANIFEST}")
        return frozenset((path.parent.name, path.stat().st_mtime_ns) for path in manifests)

    def get(self, recipe: Recipe, build: Callable[[Path], None]) -> Path:
        """The recipe's file, as built before or by build(path) now. build writes that path, and others beside it."""
        from filelock import FileLock

        home = self.folder / recipe.key
        if not home.exists() or _damage(home, recipe):
            self.folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self.folder / f"{recipe.key}.lock"):
                self._mend(home, recipe, build)
        return home / recipe.file

    def _mend(self, home: Path, recipe: Recipe, build: Callable[[Path], None]) -> None:
        """Build unless another process has done so while this one waited for the lock."""
        if home.exists():
            damage = _damage(home, recipe)
            if not damage:
                return
            LOG.warning("artefact %s is damaged (%s): building it again", home.name, damage)
        partial = Path(tempfile.mkdtemp(prefix=f"{recipe.key}.partial-", dir=self.folder))
        try:
            build(partial / recipe.file)
            _write_manifest(partial, recipe)
            # A folder cannot replace a folder that holds files: the damaged one makes room first.
            if home.exists():
                home.replace(partial / "damaged")
            partial.replace(home)
            shutil.rmtree(home / "damaged", ignore_errors=True)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def _write_manifest(folder: Path, recipe: Recipe) -> None:
    """The last file written: a folder without one is unfinished."""
    files = {
        path.name: {"size_bytes": path.stat().st_size, "sha256": _sha256(path)} for path in sorted(folder.iterdir())
    }
    manifest = {"files": files, "inputs": dict(recipe.inputs)}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True), encoding="utf-8")


def _damage(home: Path, recipe: Recipe) -> str:
    """What is wrong with an artefact, "" when nothing is."""
    try:
        manifest = json.loads((home / MANIFEST).read_text(encoding="utf-8"))
        expected = {name: (file["size_bytes"], file["sha256"]) for name, file in manifest["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return f"manifest: {type(error).__name__}"
    if recipe.file not in expected:
        return f"manifest: no {recipe.file}"
    return next((damage for name, file in expected.items() if (damage := _file_damage(home / name, *file))), "")


def _file_damage(path: Path, expected_bytes: int, expected_sha256: str) -> str:
    if not path.is_file():
        return f"{path.name} is missing"
    if path.stat().st_size != expected_bytes:
        return f"{path.name} has {path.stat().st_size} bytes, expected {expected_bytes}"
    return "" if _sha256(path) == expected_sha256 else f"{path.name} has another sha256 than its manifest"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
