"""The blocks of a run that is being measured: one Parquet file each, which holds its rows and its entry in run.json.

A part needs nothing but itself to be understood, so a run whose process was killed is read from what it left.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from bench.errors import ConfigError, fault_of

LOCK_FILE = "measuring.lock"
_ENTRY = b"block"


def part_name(place: int) -> str:
    """The file of the block that was measured so many blocks after the first."""
    return f"part-{place:05d}.parquet"


def part_paths(folder: Path) -> list[Path]:
    """The parts of a folder, in the order in which they were measured."""
    return sorted(folder.glob("part-*.parquet"))


def with_entry(rows: pa.Table, entry: Mapping[str, Any]) -> pa.Table:
    """The rows of a block, which carry its entry in run.json."""
    return rows.replace_schema_metadata({_ENTRY: json.dumps(dict(entry))})


def read_entries(folder: Path) -> Iterator[dict[str, Any]]:
    """The entry in run.json of every block of a folder, in order. Raises ConfigError for a damaged part."""
    for path in part_paths(folder):
        try:
            yield json.loads((pq.read_schema(path).metadata or {})[_ENTRY])
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            raise ConfigError(
                f"{path}: damaged: {fault_of(error)}. Next: remove this part; the others can be read"
            ) from error


def is_being_measured(folder: Path) -> bool:
    """Whether a living process measures into this folder: the system drops a lock with the process that held it."""
    if not (folder / LOCK_FILE).exists():
        return False
    lock = FileLock(folder / LOCK_FILE, timeout=0)
    try:
        with lock:
            return False
    except Timeout:
        return True
    except OSError:  # a folder that cannot be written is not being measured into from here
        return False
