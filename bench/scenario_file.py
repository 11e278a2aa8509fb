"""Reading a scenario file: finding it, overriding its values, and saying in one message what is wrong with it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from bench.credentials import refuse_passwords
from bench.errors import ConfigError
from bench.measure.loads import check_load
from bench.measure.targets import TARGETS, check_target
from bench.scenario import ArmTable, PluginTable, Scenario
from bench.traffic.arrivals import ARRIVALS
from recsys.caches import CACHES
from recsys.data.loading import check_options as check_data_options
from recsys.encoders import ENCODERS
from recsys.encoders import check_options as check_encoder_options
from recsys.errors import RecsysError, did_you_mean
from recsys.features.text import check_steps
from recsys.index import INDEXES
from recsys.options import parse_options
from recsys.placement import PLACEMENTS
from recsys.ranking import RANKERS
from recsys.registry import Registry
from recsys.reranking import RERANKERS
from recsys.serving import SERVINGS


@dataclass(frozen=True, slots=True)
class ScenarioFile:
    """A scenario as it was asked for: resolved, with the file's text and the overrides."""

    scenario: Scenario
    text: str
    overrides: tuple[str, ...]

    @property
    def command(self) -> str:
        """What repeats it, without the folders of this machine: runs are published."""
        return " ".join(["llm-rec-bench run", self.scenario.name, *self.overrides])


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line changes: key=value pairs, the arms to keep (all when empty), the model arms' device."""

    values: tuple[str, ...] = ()
    arms: tuple[str, ...] = ()
    device: str | None = None

    def as_words(self) -> tuple[str, ...]:
        """The same as it would be typed."""
        device = [f"--device {self.device}"] if self.device else []
        return (*[f"--set {value}" for value in self.values], *[f"--arm {arm}" for arm in self.arms], *device)


def shipped_scenarios() -> dict[str, Path]:
    """Scenarios that come with the project, by name."""
    return {path.stem: path for path in sorted(Path(str(resources.files("scenarios"))).glob("*.toml"))}


def read_scenario(where: str | Path, overrides: Overrides = Overrides()) -> ScenarioFile:
    """Read and check a scenario: a path, or the name of a shipped one. Raises ConfigError."""
    path = _find(where)
    try:
        text = path.read_text(encoding="utf-8")
        raw = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error}. Next: mend its permissions, or name another") from error
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits and deep nesting among them
        raise ConfigError(f"{path}: not a TOML file: {error}. Next: mend that line") from error
    for override in overrides.values:
        _apply(raw, override, path)
    _keep_arms(raw, overrides.arms, path)
    if overrides.device:
        _move_models(raw, overrides.device)
    refuse_passwords(raw, str(path))
    try:
        scenario = Scenario.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(_explain(error, raw, path)) from error
    _check_plugins(scenario, path)
    return ScenarioFile(scenario, text, overrides.as_words())


def _find(where: str | Path) -> Path:
    path = Path(where)
    if path.is_file():
        return path
    shipped = shipped_scenarios()
    if str(where) in shipped:
        return shipped[str(where)]
    if path.name in {known.name for known in shipped.values()} and path.parent.name == "scenarios":
        return shipped[path.stem]
    close, known = did_you_mean(path.stem, shipped), ", ".join(shipped)
    raise ConfigError(f"scenario {where}: no such file{close}. Known: {known}. Next: name a file or one of these")


def _apply(raw: dict[str, Any], override: str, path: Path) -> None:
    """Set one `a.b.c=value`; `arm.NAME.…` and `load.NAME_OR_PLACE.…` address one table of a list."""
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise ConfigError(f"--set {override}: not of the form key=value. Next: for example --set requests.k=20")
    words = key.split(".")
    table: Any = raw
    for depth, word in enumerate(words[:-1]):
        table = _step(table, word, f"{path}: --set {key}", ".".join(words[:depth]))
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: --set {key}: {'.'.join(words[:-1])} is no table")
    table[words[-1]] = toml_value(text)


def _step(table: Any, word: str, where: str, parent: str) -> Any:
    if isinstance(table, list):
        by_name = {str(entry.get("name") or entry.get("kind")): entry for entry in table if isinstance(entry, dict)}
        by_place = {str(place): entry for place, entry in enumerate(table)}
        if word not in by_name and word not in by_place:
            raise ConfigError(
                f'{where}: unknown {parent} "{word}"{did_you_mean(word, by_name)}. Known: {", ".join(by_name)}'
            )
        return by_name.get(word, by_place.get(word))
    if not isinstance(table, dict):
        raise ConfigError(f"{where}: {parent} is no table")
    return table.setdefault(word, {})


def toml_value(text: str) -> Any:
    """A TOML value, or the text itself where it is none."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text


def _keep_arms(raw: dict[str, Any], wanted: Sequence[str], path: Path) -> None:
    arms = raw.get("arm")
    if not wanted or not isinstance(arms, list):
        return
    known = [str(arm.get("name")) for arm in arms if isinstance(arm, dict)]
    for name in wanted:
        if name not in known:
            raise ConfigError(f'{path}: unknown arm "{name}"{did_you_mean(name, known)}. Known: {", ".join(known)}')
    raw["arm"] = [arm for arm in arms if isinstance(arm, dict) and arm.get("name") in wanted]


def _move_models(raw: dict[str, Any], device: str) -> None:
    """Every arm with a model in it goes to the device; the baseline has none."""
    arms = raw.get("arm")
    for arm in arms if isinstance(arms, list) else ():
        if isinstance(arm, dict) and arm.get("placement") != "none":
            arm["device"] = device


def _explain(error: ValidationError, raw: dict[str, Any], path: Path) -> str:
    """The first error of a file in the project's words."""
    first = error.errors()[0]
    where = _place(first["loc"], raw)
    if first["type"] == "extra_forbidden":
        *parents, key = first["loc"]
        known = sorted(_keys_at(Scenario, parents))
        unknown = f'unknown key "{key}"{did_you_mean(str(key), known)}'
        return f"{path}: {_place(parents, raw)}{unknown}. Known: {', '.join(known)}"
    if first["type"] == "missing":
        return f"{path}: {where.removesuffix(': ')} is missing. Next: add it"
    message = first["msg"].removeprefix("Value error, ")
    given = "" if isinstance(first["input"], dict) or first["type"] == "value_error" else f", got {first['input']!r}"
    return f"{path}: {where}{message}{given}"


def _place(loc: Iterable[int | str], raw: dict[str, Any]) -> str:
    """'arm "minilm": encoder: ' for ("arm", 1, "encoder")."""
    words: list[str] = []
    here: Any = raw
    for word in loc:
        if isinstance(word, int) and isinstance(here, list) and word < len(here):
            here = here[word]
            name = here.get("name", word) if isinstance(here, dict) else word
            words[-1] = f'{words[-1]} "{name}"'
        else:
            here = here.get(word) if isinstance(here, dict) else None
            words.append(str(word))
    return "".join(f"{word}: " for word in words)


def _keys_at(model: type[BaseModel], loc: Sequence[int | str]) -> set[str]:
    """The keys of the table at this place of the scenario."""
    for word in loc:
        if isinstance(word, int):
            continue
        annotation: Any = model.model_fields[word].annotation
        candidates = [annotation, *get_args(annotation)]
        models = [option for option in candidates if isinstance(option, type) and issubclass(option, BaseModel)]
        if not models:
            return set()
        model = models[0]
    return set(model.model_fields)


def _check_plugins(scenario: Scenario, path: Path) -> None:
    """Every kind is known and its options are its own; an encoder's or re-ranker's library may be absent here."""
    where = "data"
    try:
        check_data_options(scenario.data.kind, scenario.data.options)
        where = "text"
        check_steps(scenario.text.steps)
        for place, load in enumerate(scenario.load):
            where = f'load "{load.name or place}"'
            check_load(load)
            if load.arrivals:
                _check_table(ARRIVALS, load.arrivals)
        for arm in scenario.arm:
            where = f'arm "{arm.name}"'
            _check_arm(arm)
    except (RecsysError, ConfigError) as error:
        raise ConfigError(f"{path}: {where}: {error}") from error


def _check_arm(arm: ArmTable) -> None:
    if not arm.target or not TARGETS.entry(arm.target.kind).missing:  # what is missing here is told when it is built
        check_target(arm)
    if not arm.is_foreign and not ENCODERS.entry(arm.encoder.kind).missing:
        check_encoder_options(arm.encoder.kind, arm.encoder.options)
    PLACEMENTS.get(arm.placement)
    check_steps(arm.text.steps)
    _check_table(SERVINGS, arm.serving)
    _check_table(RANKERS, arm.ranking)
    if arm.cache:
        _check_table(CACHES, arm.cache)
    if arm.index:
        _check_table(INDEXES, arm.index)
    if arm.reranking and not RERANKERS.entry(arm.reranking.kind).missing:
        _check_table(RERANKERS, arm.reranking)


def _check_table(registry: Registry[Any], table: PluginTable) -> None:
    plugin = registry.get(table.kind)
    parse_options(plugin.Options, table.options, f'{registry.noun} "{table.kind}"')
