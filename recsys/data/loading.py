"""From a kind, options and folders to a data set."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Protocol, cast

from recsys.data import DATASETS
from recsys.data.dataset import Dataset
from recsys.data.item_arrays import SHIPPED, ArrayOptions, with_arrays
from recsys.errors import DataError, did_you_mean
from recsys.options import OptionsModel, parse_options

DATA_DIR_VARIABLE = "LLM_REC_BENCH_DATA"
DEFAULT_DATA_DIR = Path("data")


class DataSource(Protocol):
    """What a plug-in of this package registers: built from its options and the folders to look in, it loads once."""

    Options: ClassVar[type[OptionsModel]]

    def __init__(self, options: OptionsModel, data_dirs: Sequence[Path]) -> None: ...

    def load(self) -> Dataset:
        """The data set. Raises DataError when it cannot be used."""


def load_dataset(kind: str, *, data_dirs: Sequence[Path], **options: object) -> Dataset:
    """The data set of this kind. data_dirs: where relative paths are looked up, first match wins.

    Every kind takes `arrays` (recsys.data.item_arrays). Raises UnknownKind, MissingLibrary, BadOptions, DataError.
    """
    source, (own, arrays) = _source(kind), _parted(kind, options)
    dataset = source(parse_options(source.Options, own, _owner(kind)), data_dirs).load()
    return with_arrays(dataset, arrays, lambda wanted: find_path(wanted, (*data_dirs, SHIPPED)))


def check_options(kind: str, options: Mapping[str, object]) -> OptionsModel:
    """The options as the data set takes them; nothing is loaded. Raises UnknownKind, MissingLibrary, BadOptions."""
    own, _ = _parted(kind, options)
    return parse_options(_source(kind).Options, own, _owner(kind))


def data_dirs_from_environment(explicit: Path | None = None) -> tuple[Path, ...]:
    """Folders to look in, in order: the one given, that of $LLM_REC_BENCH_DATA, ./data."""
    from_variable = os.environ.get(DATA_DIR_VARIABLE)
    named = [explicit, Path(from_variable) if from_variable else None, DEFAULT_DATA_DIR]
    return tuple(folder for folder in named if folder is not None)


def find_path(wanted: Path, data_dirs: Sequence[Path], suffixes: Sequence[str] = ("",)) -> Path:
    """Where a file is: an absolute path as it is, a relative one in the first folder that has it.

    suffixes: what may stand behind its name, tried in this order in each folder. Raises DataError, which names every
    place looked at and what lies there instead, and for a relative path that climbs out of the folders: what a scenario
    from elsewhere reads should be seen at a glance.
    """
    if ".." in wanted.parts and not wanted.is_absolute():
        raise DataError(f'data file "{wanted}" leads out of the data folders by "..". Next: name it absolutely')
    places = [wanted] if wanted.is_absolute() else [folder / wanted for folder in data_dirs]
    for place in places:
        for suffix in suffixes:
            if _exists(found := place.parent / (place.name + suffix)):
                return found
    folders = [folder for folder in (*data_dirs, *(place.parent for place in places)) if _exists(folder)]
    present = sorted({entry.name for folder in folders for entry in folder.glob("*") if entry.name[0] != "."})
    looked = ", ".join(str(place) for place in places) or "nowhere, since no data folder was given"
    there = f" There: {', '.join(present[:10])}{' …' if len(present) > 10 else ''}." if present else ""
    raise DataError(
        f'data file "{wanted}" not found{_closest(wanted, present)}. Looked at: {looked}.{there} '
        f"Next: give --data-dir FOLDER, set ${DATA_DIR_VARIABLE}, or put it under ./{DEFAULT_DATA_DIR}"
    )


def _exists(path: Path) -> bool:
    """Is it there? A name that no file can have is not."""
    try:
        return path.exists()
    except OSError:
        return False


def _closest(wanted: Path, present: Sequence[str]) -> str:
    """A hint for the first part of the path that resembles what is there."""
    hints = (did_you_mean(part, present) for part in wanted.parts)
    return next((hint for hint in hints if hint), "")


def _source(kind: str) -> type[DataSource]:
    return cast("type[DataSource]", DATASETS.get(kind))


def _parted(kind: str, options: Mapping[str, object]) -> tuple[Mapping[str, object], ArrayOptions]:
    """A kind's own options, and those that all kinds share."""
    own = {name: value for name, value in options.items() if name not in ArrayOptions.model_fields}
    shared = {name: value for name, value in options.items() if name not in own}
    return own, parse_options(ArrayOptions, shared, _owner(kind))


def _owner(kind: str) -> str:
    return f'data set "{kind}"'
