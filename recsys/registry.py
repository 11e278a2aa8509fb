"""Plug-ins: one file is one kind, found without importing it.

A registry looks after one package. A module of that package is a plug-in when it registers its own stem,
`@ENCODERS.register("onnx")` in `onnx.py`. Kinds, first docstring lines and `REQUIRES` are read with `ast`, so listing
imports nothing; a module is imported when its kind is used. Packages outside the project register through an entry
point group of the registry's name, for example `llm_rec_bench.encoders`.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import EntryPoint, distributions
from importlib.util import find_spec
from pathlib import Path
from typing import Generic, TypeVar

from recsys.errors import MissingLibrary, UnknownKind, did_you_mean

T = TypeVar("T")
ENTRY_POINT_PREFIX = "llm_rec_bench"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a plug-in before it is imported.

    requires: the libraries it imports; extra: the project's extra that installs them ("" = the library itself).
    """

    kind: str
    summary: str
    requires: tuple[str, ...]
    extra: str

    @property
    def missing(self) -> tuple[str, ...]:
        """The required libraries that are not installed here."""
        return tuple(name for name in self.requires if find_spec(name) is None)

    @property
    def install_hint(self) -> str:
        """The command that installs what is missing."""
        return f"pip install 'llm-rec-bench[{self.extra}]'" if self.extra else f"pip install {' '.join(self.missing)}"


class Registry(Generic[T]):
    """Maps the kinds of one package ("onnx") to what its modules register (OnnxEncoder).

    package: dotted name of the package whose modules are the plug-ins. noun: what a kind is called in messages.
    """

    def __init__(self, package: str, noun: str) -> None:
        self.package = package
        self.noun = noun
        self._registered: dict[str, T] = {}

    def register(self, kind: str) -> Callable[[T], T]:
        """Class or function decorator. Raises ValueError when the kind is taken already."""

        def decorate(thing: T) -> T:
            if kind in self._registered and self._registered[kind] is not thing:
                raise ValueError(f'{self.noun} "{kind}" is registered twice: {self._registered[kind]!r} and {thing!r}')
            self._registered[kind] = thing
            return thing

        return decorate

    def kinds(self) -> tuple[str, ...]:
        """All kinds, sorted; nothing is imported."""
        return tuple(sorted({*self._modules, *self._foreign, *self._registered}))

    def entries(self) -> tuple[Entry, ...]:
        """Kind, first docstring line and required libraries of every plug-in, sorted by kind; nothing is imported."""
        own = [self.entry(kind) for kind in self._modules]
        foreign = [self.entry(kind) for kind in self._foreign]
        return tuple(sorted([*own, *foreign], key=lambda entry: entry.kind))

    def entry(self, kind: str) -> Entry:
        """One plug-in's entry. Raises UnknownKind."""
        if kind in self._foreign:
            return Entry(kind, f"from {self._foreign[kind].value}", (), "")
        if kind not in self._modules:
            raise self._unknown(kind)
        tree = self._modules[kind]
        summary = (ast.get_docstring(tree) or "").split("\n")[0]
        constants = _constants(tree)
        requires = constants.get("REQUIRES", ())
        names = tuple(map(str, requires)) if isinstance(requires, tuple) else ()
        return Entry(kind, summary, names, str(constants.get("EXTRA", "")))

    def get(self, kind: str) -> T:
        """What the kind registers, its module imported now. Raises UnknownKind, MissingLibrary."""
        if kind not in self._registered:
            self._load(kind)
        return self._registered[kind]

    def _load(self, kind: str) -> None:
        if kind in self._modules:
            entry = self.entry(kind)
            if entry.missing:
                missing = ", ".join(entry.missing)
                raise MissingLibrary(f'{self.noun} "{kind}" needs {missing}, not installed. Next: {entry.install_hint}')
            importlib.import_module(f"{self.package}.{kind}")
        elif kind in self._foreign:
            self._registered[kind] = self._foreign[kind].load()
        else:
            raise self._unknown(kind)

    def _unknown(self, kind: str) -> UnknownKind:
        known = ", ".join(self.kinds())
        return UnknownKind(f'unknown {self.noun} "{kind}"{did_you_mean(kind, self.kinds())}. Known: {known}')

    @cached_property
    def _modules(self) -> dict[str, ast.Module]:
        spec = find_spec(self.package)
        if spec is None or not spec.submodule_search_locations:
            raise ValueError(f"{self.package} is not a package")
        found = {}
        for folder in spec.submodule_search_locations:
            for path in sorted(Path(folder).glob("*.py")):
                tree = ast.parse(path.read_text(encoding="utf-8"))
                if path.stem in _registered_kinds(tree):
                    found[path.stem] = tree
        return found

    @cached_property
    def _foreign(self) -> dict[str, EntryPoint]:
        group = f"{ENTRY_POINT_PREFIX}.{self.package.rsplit('.', 1)[-1]}"
        return {point.name: point for point in _declared() if point.group == group and point.name not in self._modules}


@cache
def _declared() -> tuple[EntryPoint, ...]:
    """What installed packages declare for registries: hundreds of small files, read once in a process and its forks."""
    declared = (point for installed in distributions() for point in installed.entry_points)
    return tuple(point for point in declared if point.group.startswith(ENTRY_POINT_PREFIX))


def _registered_kinds(tree: ast.Module) -> set[str]:
    """The kinds that a module registers with a decorator `X.register("kind")` at its top level."""
    kinds = set()
    for node in tree.body:
        for decorator in getattr(node, "decorator_list", ()):
            if isinstance(decorator, ast.Call) and getattr(decorator.func, "attr", "") == "register" and decorator.args:
                argument = decorator.args[0]
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    kinds.add(argument.value)
    return kinds


def _constants(tree: ast.Module) -> dict[str, object]:
    """Module-level literal assignments, by name."""
    values: dict[str, object] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            try:
                values[node.targets[0].id] = ast.literal_eval(node.value)
            except ValueError:
                continue
    return values
