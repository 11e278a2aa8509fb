"""Item vectors on disk: a manifest that says what they are, and shards in Parquet; an index is built from them anew.

A shard holds the items of so many different texts, the longest texts first; items of one text have the same vector. Its
columns are position (int32, in the catalogue), item_id, and vector (float32, a list of fixed size).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from recsys.errors import DataError
from recsys.options import OptionsModel

MANIFEST_FILE = "manifest.json"
MANIFEST_KEY = b"manifest_sha256"
"""In the metadata of every shard: the manifest that it belongs to."""


class VectorManifest(OptionsModel):
    """What decides the numbers, and how they are cut. items: of the catalogue; texts: different ones among theirs.

    scenario_sha256, catalogue_sha256: of the resolved scenario, and of item ids and cleaned texts in their order.
    encoder: its kind and options. revision, precision, prompt, max_tokens, dim, device, threads: as it ran.
    """

    format: int = 1
    scenario: str
    scenario_sha256: str
    arm: str
    encoder: dict[str, Any]
    revision: str
    precision: str
    prompt: str
    max_tokens: int
    dim: int
    device: str
    threads: int
    catalogue_sha256: str
    items: int
    texts: int
    texts_per_shard: int

    @property
    def shards(self) -> int:
        """How many there are, when all are written."""
        return math.ceil(self.texts / self.texts_per_shard)

    @property
    def sha256(self) -> str:
        """Hexadecimal, over all that it says."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()

    def differences(self, other: VectorManifest) -> list[str]:
        """What the other one says otherwise, in words."""
        mine, theirs = self.model_dump(mode="json"), other.model_dump(mode="json")
        return [f"{name} is {mine[name]!r} there, {theirs[name]!r} here" for name in mine if mine[name] != theirs[name]]


@dataclass(frozen=True)
class ItemVectorSet:
    """All vectors of a folder in the catalogue's order: item_ids [n], vectors float32 [n, dim]."""

    manifest: VectorManifest
    item_ids: tuple[str, ...]
    vectors: npt.NDArray[np.float32]


def catalogue_sha256(item_ids: Sequence[str], texts: Sequence[str]) -> str:
    """Hexadecimal, over item ids and cleaned texts in their order."""
    digest = hashlib.sha256()
    for fields in zip(item_ids, texts, strict=True):
        digest.update(json.dumps(fields).encode("ascii"))
    return digest.hexdigest()


def shard_path(folder: Path, number: int) -> Path:
    """Where a shard lies."""
    return folder / f"shard-{number:06d}.parquet"


def read_manifest(folder: Path) -> VectorManifest:
    """Raise DataError where there is none, or one that says something else than a manifest does."""
    path = folder / MANIFEST_FILE
    try:
        return VectorManifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise DataError(
            f"item vectors {folder}: no {MANIFEST_FILE} can be read: {error}. "
            "Next: name a folder that encode-catalogue has written"
        ) from error
    except ValidationError as error:
        raise DataError(
            f"item vectors {folder}: {MANIFEST_FILE} is none of this version ({error.error_count()} faults). "
            "Next: encode the catalogue anew into another folder"
        ) from error


def missing_shards(folder: Path, manifest: VectorManifest) -> list[int]:
    """The shards that are not there, cannot be read, or belong to another manifest, by number."""
    return [number for number in range(manifest.shards) if not _belongs(shard_path(folder, number), manifest)]


def load_item_vectors(folder: Path, expected_catalogue_sha256: str = "") -> ItemVectorSet:
    """All vectors that were written into a folder, for an index to be built from.

    expected_catalogue_sha256: of the catalogue they are to serve, "" = not checked. Raises DataError where the manifest
    or a shard is missing, damaged or another's, and where an item has no vector or two.
    """
    import pyarrow.parquet as pq

    manifest = read_manifest(folder)
    if expected_catalogue_sha256 not in ("", manifest.catalogue_sha256):
        raise DataError(
            f"item vectors {folder}: they are of the catalogue {manifest.catalogue_sha256[:12]}, not of "
            f"{expected_catalogue_sha256[:12]}. Next: encode this catalogue into another folder"
        )
    if missing := missing_shards(folder, manifest):
        raise DataError(
            f"item vectors {folder}: {len(missing)} of {manifest.shards} shards are missing or not of this manifest, "
            f"the first {shard_path(folder, missing[0]).name}. Next: encode-catalogue once more, with the same --out"
        )
    vectors = np.empty((manifest.items, manifest.dim), np.float32)
    item_ids = [""] * manifest.items
    times = np.zeros(manifest.items, np.int64)
    for number in range(manifest.shards):
        with pq.ParquetFile(shard_path(folder, number)) as file:  # read_table needs pandas, which a worker has not
            shard = file.read()
        positions = shard["position"].to_numpy()
        vectors[positions] = shard["vector"].combine_chunks().flatten().to_numpy().reshape(-1, manifest.dim)
        times[positions] += 1
        for position, item_id in zip(positions.tolist(), shard["item_id"].to_pylist(), strict=True):
            item_ids[position] = item_id
    if (times != 1).any():
        position = int(np.argmax(times != 1))
        raise DataError(
            f"item vectors {folder}: item {position} of {manifest.items} has {times[position]} vectors instead of one. "
            "Next: encode the catalogue anew into another folder"
        )
    return ItemVectorSet(manifest, tuple(item_ids), vectors)


def _belongs(path: Path, manifest: VectorManifest) -> bool:
    """Whether a whole shard of this manifest lies here; its footer says so, which is written last."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_schema(path).metadata or {}
    except (OSError, pa.ArrowInvalid):
        return False
    belongs: bool = metadata.get(MANIFEST_KEY) == manifest.sha256.encode()
    return belongs
