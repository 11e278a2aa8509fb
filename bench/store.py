"""A run on disk: `<out>/<utc>_<scenario>_<hash>/`, written as `<id>.partial/` and renamed when it is whole.

`run.json` says what was run and how; `requests.parquet` has one row a request. A block's rows are written as soon as
the block is done, so a run that stops keeps what it measured.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from bench.clock import compact_stamp
from bench.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 1
RUN_FILE = "run.json"
REQUESTS_FILE = "requests.parquet"
FLOORS_FILE = "floors.parquet"
LATEST = "latest"


class RunFolder:
    """The folder of a run while it is being measured."""

    def __init__(self, out: Path, run_id: str) -> None:
        """Make the partial folder. Raises ConfigError when it cannot be written."""
        self.run_id = run_id
        self.final = out / run_id
        self.partial = out / f"{run_id}.partial"
        try:
            out.mkdir(parents=True, exist_ok=True)
            self.partial.mkdir()
        except OSError as error:
            raise ConfigError(f"results folder {out}: cannot be written: {error}. Next: another --out") from error
        self._parts = 0

    def add_block(self, rows: pa.Table) -> None:
        """Keep the rows of one block, at once."""
        path = self.partial / f"part-{self._parts:05d}.parquet"
        _replace(path, lambda temporary: pq.write_table(rows, temporary))
        self._parts += 1

    def write_run(self, run: Mapping[str, Any]) -> None:
        """Write run.json."""
        text = json.dumps({"schema_version": SCHEMA_VERSION, "id": self.run_id, **run}, indent=1, allow_nan=False)
        _replace(self.partial / RUN_FILE, lambda temporary: Path(temporary).write_text(text + "\n", encoding="utf-8"))

    def merge(self, requests: pa.Table) -> None:
        """Write requests.parquet and remove the parts it is made from."""
        path = self.partial / REQUESTS_FILE
        _replace(path, lambda temporary: pq.write_table(requests, temporary, compression="zstd"))
        for part in self.partial.glob("part-*.parquet"):
            part.unlink()

    def write_floors(self, floors: pa.Table) -> None:
        """Write floors.parquet."""
        _replace(self.partial / FLOORS_FILE, lambda temporary: pq.write_table(floors, temporary, compression="zstd"))

    def blocks(self) -> pa.Table:
        """All rows kept so far, block after block. Raises ValueError when there is none."""
        return pa.concat_tables([pq.read_table(part) for part in sorted(self.partial.glob("part-*.parquet"))])

    def finish(self) -> Path:
        """Give the folder its final name and point `latest` at it."""
        self.partial.rename(self.final)
        _point(self.final.parent / LATEST, self.final.name)
        return self.final

    def discard(self) -> None:
        """Remove a run in which nothing was measured."""
        shutil.rmtree(self.partial)


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run read back, with the columns of results/README.md.

    run: run.json; requests: one row a request; floors: quality of the floors, one row a floor and request.
    """

    folder: Path
    run: dict[str, Any]
    requests: pd.DataFrame
    floors: pd.DataFrame


def load_run(where: str | Path) -> StoredRun:
    """Read a run: its folder, or a name in ./results. Raises ConfigError for what is no run of a known schema."""
    folder = Path(where) if Path(where).is_dir() else Path("results") / where
    if not (folder / RUN_FILE).is_file():
        known = sorted(path.parent.name for path in Path("results").glob(f"*/{RUN_FILE}"))
        raise ConfigError(
            f"run {where}: no {RUN_FILE} there. Known: {', '.join(known) or 'none'}. Next: name a run's folder"
        )
    try:
        run = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
        version = run["schema_version"]
    except (json.JSONDecodeError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{folder / RUN_FILE}: damaged: {error!r}. Next: measure again") from error
    if version != SCHEMA_VERSION:
        raise ConfigError(
            f"{folder}: schema version {version}, but this program reads {SCHEMA_VERSION}. "
            "Next: use the version that wrote it"
        )
    try:
        requests = pq.read_table(folder / REQUESTS_FILE).to_pandas()
        floors = pq.read_table(folder / FLOORS_FILE).to_pandas()
    except (OSError, pa.ArrowInvalid) as error:
        raise ConfigError(f"{folder}: cannot be read: {error}. Next: measure again") from error
    return StoredRun(folder, run, requests, floors)


def amend_run(folder: Path, statements: Mapping[str, Any]) -> None:
    """Add what was concluded from a finished run to its run.json."""
    run = json.loads((folder / RUN_FILE).read_text(encoding="utf-8")) | dict(statements)
    text = json.dumps(run, indent=1, allow_nan=False)
    _replace(folder / RUN_FILE, lambda temporary: Path(temporary).write_text(text + "\n", encoding="utf-8"))


def keep_evaluation(out: Path, scenario: str, scenario_hash: str, table: pd.DataFrame) -> Path:
    """Write quality.csv into a folder of its own, `<utc>_<scenario>_<hash>_evaluation`; returns the file's path."""
    folder = out / f"{compact_stamp()}_{scenario}_{scenario_hash[:8]}_evaluation"
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise ConfigError(f"results folder {out}: cannot be written: {error}. Next: another --out") from error
    write_table(folder / "quality.csv", table)
    return folder / "quality.csv"


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as csv; what was not measured is empty, infinity is `inf`."""
    _replace(path, lambda temporary: table.to_csv(temporary, index=False, float_format="%.6g", lineterminator="\n"))


def _replace(path: Path, write: Any) -> None:
    """Write beside the file and rename: a reader sees the old content or the new, never half."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _point(link: Path, target: str) -> None:
    """Make a symbolic link point at a sibling; where links cannot be made, a file holds the name."""
    temporary = link.with_name(f".{link.name}.{os.getpid()}.tmp")
    try:
        temporary.symlink_to(target)
    except OSError:
        temporary.write_text(target + "\n", encoding="utf-8")
    temporary.replace(link)
