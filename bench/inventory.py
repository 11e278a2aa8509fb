"""Everything that can be named in a scenario; nothing heavy is imported to say so."""

from __future__ import annotations

import tomllib
from importlib import import_module
from importlib.resources import files

from recsys.registry import Entry, Registry

REGISTRIES = {
    "encoders": "recsys.encoders:ENCODERS",
    "data sets": "recsys.data:DATASETS",
    "placements": "recsys.placement:PLACEMENTS",
    "indexes": "recsys.index:INDEXES",
    "rankings": "recsys.ranking:RANKERS",
    "serving": "recsys.serving:SERVINGS",
    "loads": "bench.measure.loads:LOADS",
    "arrivals": "bench.traffic.arrivals:ARRIVALS",
}
"""Section → where its registry stands."""


def inventory() -> str:
    """Sections of one line an entry: kind, what it is, and what to install where a library is missing."""
    sections = [("scenarios", _scenario_lines())]
    sections += [(title, [_line(entry) for entry in _registry(where).entries()]) for title, where in REGISTRIES.items()]
    return "\n\n".join("\n".join([title, *lines]) for title, lines in sections)


def _registry(where: str) -> Registry[object]:
    module, name = where.split(":")
    registry: Registry[object] = getattr(import_module(module), name)
    return registry


def _line(entry: Entry) -> str:
    state = f"  [not here: {', '.join(entry.missing)}; {entry.install_hint}]" if entry.missing else ""
    return f"  {entry.kind:<22} {entry.summary}{state}"


def _scenario_lines() -> list[str]:
    lines = []
    for path in sorted(entry for entry in files("scenarios").iterdir() if entry.name.endswith(".toml")):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        lines.append(f"  {path.name.removesuffix('.toml'):<22} {content['question']}")
    return lines
