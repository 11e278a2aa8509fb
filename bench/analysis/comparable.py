"""Whether runs may stand beside each other, and whether a ratio between them may be claimed.

Runs are comparable that asked the same requests of the same data on the same schedule. Their arms may differ, which is
what a comparison is for; but one name must mean one arm. Times of two machines stand side by side, without ratios.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MOVABLE = ("device",)
"""Keys of an arm that may differ: the same arm on a CPU in one run and on a GPU in the other."""

UNSAID = ("arm", "name", "question")
"""Keys of a scenario that change nothing of what was asked."""

MOST_NAMED = 4

MACHINE_FACTS = (
    ("machine", "id"),
    ("cpu", "model"),
    ("cpu", "usable"),
    ("cpu", "flags"),
    ("cpu", "quota"),
    ("memory", "ram_gb"),
    ("gpu", ""),
)
"""(section, key) of the environment block: where one differs, no ratio is claimed."""

OTHER_FACTS = (
    ("machine", "kernel"),
    ("cpu", "governor"),
    ("python", "version"),
    ("libraries", ""),
    ("threads", ""),
    ("code", "version"),
    ("code", "commit"),
)
"""What else a reader must know of: it may be what the comparison is about."""

Run = Mapping[str, Any]


def obstacles(runs: Sequence[Run]) -> tuple[str, ...]:
    """Why these runs (their run.json) may not be compared, each in one sentence; () where they may."""
    first, *others = runs
    return tuple(dict.fromkeys(reason for other in others for reason in _between(first, other)))


def same_machine(one: Run, other: Run) -> bool:
    """Whether both ran on the same machine, as far as it can be told."""
    return not _differing([one, other], MACHINE_FACTS)


def differing_facts(runs: Sequence[Run]) -> dict[str, tuple[str, ...]]:
    """What differs between the machines and the software, one text a run: `cpu model` → ("EPYC", "Xeon").

    Of libraries and thread settings only those are named that differ.
    """
    return _differing(runs, (*MACHINE_FACTS, *OTHER_FACTS))


def _between(one: Run, other: Run) -> Iterator[str]:
    """Obstacles between two runs."""
    pair = f"{one['id']} and {other['id']}"
    if one["schema_version"] != other["schema_version"]:
        yield f"{pair}: schema versions {one['schema_version']} and {other['schema_version']}"
    data, traces = ([run["data"]["sha256"] for run in (one, other)], [run.get("trace_sha256") for run in (one, other)])
    if data[0] != data[1]:
        yield f"{pair}: other data, {one['data']['name']} and {other['data']['name']} (sha256 {_short(*data)})"
    elif traces[0] != traces[1]:
        yield f"{pair}: other requests (trace sha256 {_short(*traces)})"
    if keys := _differing_keys(_asked(one), _asked(other)):
        yield f"{pair}: other scenario (hash {_short(one['scenario_hash'], other['scenario_hash'])}): {_named(keys)}"
    theirs = {arm["name"]: arm for arm in other["scenario"].get("arm", ())}
    for arm in one["scenario"].get("arm", ()):
        if keys := _differing_keys(_fixed(arm), _fixed(theirs.get(arm["name"], arm))):
            yield f"{pair}: arm {arm['name']} is not the same arm: {_named(keys)}"


def _asked(run: Run) -> dict[str, Any]:
    """What of the scenario says what was asked."""
    return {key: value for key, value in run["scenario"].items() if key not in UNSAID}


def _fixed(arm: Mapping[str, Any]) -> dict[str, Any]:
    """What makes an arm the same arm: not its device, nor its words."""
    return {key: value for key, value in arm.items() if key not in (*MOVABLE, "label", "role")}


def _differing_keys(one: Any, other: Any, name: str = "") -> list[str]:
    """Dotted names of the values that differ, with both values."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        keys = dict.fromkeys([*one, *other])
        inner = [(one.get(key), other.get(key), f"{name}.{key}" if name else str(key)) for key in keys]
        return [found for pair in inner for found in _differing_keys(*pair)]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [found for place, pair in pairs for found in _differing_keys(*pair, f"{name}.{place}")]
    return [] if one == other else [f"{name} {one!r} and {other!r}"]


def _named(keys: list[str]) -> str:
    more = f" and {len(keys) - MOST_NAMED} more" if len(keys) > MOST_NAMED else ""
    return ", ".join(keys[:MOST_NAMED]) + more


def _short(*hashes: str | None) -> str:
    return " and ".join((text or "unknown")[:8] for text in hashes)


def _differing(runs: Sequence[Run], facts: Sequence[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found = {}
    for section, key in facts:
        values = [run["environment"].get(section) for run in runs]
        if key:
            values = [(value or {}).get(key) for value in values]
        for name, texts in _texts(f"{section} {key}".strip(), values).items():
            if len(set(texts)) > 1:
                found[name] = texts
    return found


def _texts(name: str, values: Sequence[Any]) -> dict[str, tuple[str, ...]]:
    """Values as texts, those of mappings apart by their keys."""
    if any(isinstance(value, Mapping) for value in values):
        keys = dict.fromkeys(key for value in values for key in value or ())
        return {f"{name} {key}": tuple(str((value or {}).get(key, "")) for value in values) for key in keys}
    flat = [", ".join(map(str, value)) if isinstance(value, list) else value for value in values]
    return {name: tuple("" if value is None else str(value) for value in flat)}
