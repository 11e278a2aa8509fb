"""Vectors that come with a data set, beside its texts: of pictures, videos or sound, as arrays or made from pictures.

`arrays = { image = "image.npy" }` names a block and its file: .npy with one row an item, in the order of the items;
.npz with `vectors` [m, dim] and `item_id` [m]; .parquet with the columns item_id and vector. An item without a row has
no such block. `arrays = { image = { images = "pictures" } }` encodes the pictures of a folder with a vision model.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tokenize import TokenError
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator

from recsys.data.dataset import Dataset
from recsys.errors import DataError
from recsys.models.vision import PictureOptions, picture_vectors
from recsys.options import OptionsModel
from recsys.types import Item
from recsys.vectors import unit_rows

SHIPPED = Path(__file__).parent / "arrays"
"""Arrays of the embedded data set, found by name when no data folder has the file."""
TEXT_BLOCKS = ("text", "title", "description", "category")
"""Names that stand for what is read from an item's words."""
Rows = npt.NDArray[np.float32]
UNREADABLE = (
    *(ValueError, TypeError, KeyError, OverflowError, MemoryError),  # shapes and types that a header makes up
    *(SyntaxError, TokenError),  # headers of .npy are literals
    *(OSError, EOFError, RuntimeError, BadZipFile, zlib.error),
)
"""What the libraries raise for files that are damaged, however they are."""


class PictureFolder(PictureOptions):
    """images: folder with one picture an item, named by the item's id."""

    images: str = Field(min_length=1)


class ArrayOptions(OptionsModel):
    """arrays: block → file, or folder of pictures with the model that reads them. Any data set takes it."""

    arrays: dict[str, str | PictureFolder] = {}

    @field_validator("arrays")
    @classmethod
    def _named_apart(cls, arrays: dict[str, str | PictureFolder]) -> dict[str, str | PictureFolder]:
        for name in arrays:
            if name in TEXT_BLOCKS:
                raise ValueError(f'"{name}" is read from the items\' words; give the array another name')
        return arrays


def with_arrays(dataset: Dataset, options: ArrayOptions, find: Callable[[Path], Path]) -> Dataset:
    """The data set with its arrays, which enter its hash. find: where a file or folder of that name lies.

    Raises DataError, and MissingLibrary and ModelError for pictures.
    """
    if not options.arrays:
        return dataset
    arrays = {name: _load(name, source, dataset.items, find) for name, source in sorted(options.arrays.items())}
    return replace(dataset, arrays=arrays, sha256=_sha256(dataset.sha256, arrays))


def _load(name: str, source: str | PictureFolder, items: Sequence[Item], find: Callable[[Path], Path]) -> Rows:
    """Unit rows float32 [n_items, dim], zero where an item has none."""
    if isinstance(source, PictureFolder):
        return unit_rows(picture_vectors(find(Path(source.images)), [item.item_id for item in items], source))
    path = find(Path(source))
    rows = _aligned(path, *_read(path), items)
    if rows.ndim != 2 or not np.isfinite(rows).all():
        raise DataError(f"{path}: block {name} must be finite numbers [items, dim], got {rows.shape}. Next: mend it")
    return unit_rows(rows)


def _read(path: Path) -> tuple[Rows, Sequence[str] | None]:
    """The rows of a file and the items that they belong to, None = in the order of the items."""
    readers = {".npy": _read_npy, ".npz": _read_npz, ".parquet": _read_parquet}
    if path.suffix not in readers:
        raise DataError(f"{path}: arrays are read from {', '.join(readers)}. Next: convert it to one of them")
    try:
        rows, item_ids = readers[path.suffix](path)
        return np.asarray(rows, np.float32), item_ids
    except UNREADABLE as error:
        raise DataError(
            f"{path}: cannot be read: {error}. Next: see recsys/data/item_arrays.py for the form"
        ) from error


def _read_npy(path: Path) -> tuple[npt.NDArray[Any], None]:
    return np.load(path, allow_pickle=False), None


def _read_npz(path: Path) -> tuple[npt.NDArray[Any], Sequence[str]]:
    with np.load(path, allow_pickle=False) as archive:
        return archive["vectors"], archive["item_id"].astype(str).tolist()


def _read_parquet(path: Path) -> tuple[npt.NDArray[Any], Sequence[str]]:
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path, columns=["item_id", "vector"])
    return np.array(table["vector"].to_pylist()), table["item_id"].cast("string").to_pylist()


def _aligned(path: Path, rows: Rows, item_ids: Sequence[str] | None, items: Sequence[Item]) -> Rows:
    """The rows in the order of the items. Raises DataError for rows that belong to no item."""
    if item_ids is None:
        if len(rows) != len(items):
            raise DataError(f"{path}: {len(rows)} rows for {len(items)} items. Next: one row an item, in their order")
        return rows
    if len(item_ids) != len(rows):
        raise DataError(f"{path}: {len(rows)} vectors with {len(item_ids)} ids. Next: one id a vector")
    position_of = {item.item_id: place for place, item in enumerate(items)}
    unknown = [item_id for item_id in item_ids if item_id not in position_of]
    if unknown:
        raise DataError(f'{path}: item "{unknown[0]}" and {len(unknown) - 1} more are not in the data. Next: drop them')
    aligned = np.zeros((len(items), *rows.shape[1:]), np.float32)
    aligned[[position_of[item_id] for item_id in item_ids]] = rows
    return aligned


def _sha256(content: str, arrays: Mapping[str, Rows]) -> str:
    digest = hashlib.sha256(content.encode("ascii"))
    for name, rows in arrays.items():
        digest.update(f"{name} {rows.shape}".encode())
        digest.update(np.ascontiguousarray(rows, "<f4").data)
    return digest.hexdigest()
