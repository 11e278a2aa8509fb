"""Everything that can be named in a scenario. The packages are read, not imported, so that it answers at once."""

from __future__ import annotations

import tomllib
from importlib.resources import files

from recsys.registry import Entry, Registry

PACKAGES = {
    "encoders": "recsys.encoders",
    "text steps": "recsys.features.text",
    "data sets": "recsys.data",
    "placements": "recsys.placement",
    "caches": "recsys.caches",
    "indexes": "recsys.index",
    "rankings": "recsys.ranking",
    "re-rankings": "recsys.reranking",
    "serving": "recsys.serving",
    "targets": "bench.measure.targets",
    "loads": "bench.measure.loads",
    "arrivals": "bench.traffic.arrivals",
    "probes": "bench.measure.probes",
    "encoding engines": "bench.experiments.encode_catalogue.engines",
}
"""Section → the package of its plug-ins."""


def inventory() -> str:
    """Sections of one line an entry: kind, what it is, and what to install where a library is missing."""
    sections = [("scenarios", _scenario_lines())]
    for title, package in PACKAGES.items():
        registry: Registry[object] = Registry(package, title)
        sections.append((title, [_line(entry) for entry in registry.entries()]))
    return "\n\n".join("\n".join([title, *lines]) for title, lines in sections)


def _line(entry: Entry) -> str:
    state = f"  [not here: {', '.join(entry.missing)}; {entry.install_hint}]" if entry.missing else ""
    return f"  {entry.kind:<22} {entry.summary}{state}"


def _scenario_lines() -> list[str]:
    lines = []
    for path in sorted(files("scenarios").iterdir(), key=lambda entry: entry.name):
        if not path.name.endswith(".toml"):
            continue
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        lines.append(f"  {path.name.removesuffix('.toml'):<22} {content['question']}")
    return lines
