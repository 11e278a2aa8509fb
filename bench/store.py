"""A run on disk: `<out>/<utc>_<scenario>_<hash>/`, written as `<id>.partial/` and renamed when it is whole.

`run.json` says what was run and how; `requests.parquet` has one row a request. A block's rows are written as soon as
the block is done, so a run that stops, or whose process is killed, keeps what it measured.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock

from bench.clock import compact_stamp
from bench.errors import ConfigError, ResultsUnwritable, fault_of
from bench.parts import LOCK_FILE, is_being_measured, part_name, part_paths, read_entries, with_entry
from recsys.errors import shortened

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 1
RUN_FILE = "run.json"
REQUESTS_FILE = "requests.parquet"
FLOORS_FILE = "floors.parquet"
TEXTS_FILE = "texts.parquet"
LATEST = "latest"
PARTIAL = ".partial"
RUNNING = "running"
LEFT_BEHIND = "the process that measured was killed: what it had measured is here, its quality was not measured"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
ROW_GROUP = 65_536
"""Rows of requests.parquet that are held at once while it is written: blocks are joined until they are as many."""


class RunFolder:
    """The folder of a run while it is being measured.

    Every method that writes raises ResultsUnwritable where the disk is full or the folder gone; what was written stays.
    """

    def __init__(self, out: Path, run_id: str) -> None:
        """Make the partial folder; another run of that name gets a number. Raises ConfigError when it cannot."""
        self.run_id = run_id
        try:
            out.mkdir(parents=True, exist_ok=True)
            for attempt in count(2):
                self.final = out / self.run_id
                self.partial = out / f"{self.run_id}{PARTIAL}"
                if not self.final.exists() and _made(self.partial):
                    break
                self.run_id = f"{run_id}-{attempt}"
            self._lock = FileLock(self.partial / LOCK_FILE)
            self._lock.acquire()
        except OSError as error:
            raise ConfigError(f"results folder {out}: cannot be written: {error}. Next: another --out") from error
        self._parts = 0

    def add_block(self, rows: pa.Table, entry: Mapping[str, Any] = MappingProxyType({})) -> None:
        """Keep the rows of one block, at once. entry: what run.json will say of it."""
        whole = with_entry(rows, entry)
        self._write(part_name(self._parts), lambda temporary: _write_groups(temporary, iter([whole])))
        self._parts += 1

    def write_run(self, run: Mapping[str, Any]) -> None:
        """Write run.json."""
        text = json.dumps({"schema_version": SCHEMA_VERSION, "id": self.run_id, **run}, indent=1, allow_nan=False)
        self._write(RUN_FILE, lambda temporary: temporary.write_text(text + "\n", encoding="utf-8"))

    def merge(self, complete: Callable[[pa.Table], pa.Table]) -> None:
        """Write requests.parquet from the parts, of which there is one at least.

        complete: adds to a block's rows what was not known when it ended. A few blocks are held at a time, never all.
        """
        self._write(REQUESTS_FILE, lambda temporary: _write_groups(temporary, self._groups(complete)))

    def write_floors(self, floors: pa.Table) -> None:
        """Write floors.parquet."""
        self._write(FLOORS_FILE, lambda temporary: _write_groups(temporary, iter([floors])))

    def write_texts(self, texts: pa.Table) -> None:
        """Write texts.parquet: what users typed and met. Without this no file of a run holds either."""
        self._write(TEXTS_FILE, lambda temporary: _write_groups(temporary, iter([texts])))

    def finish(self) -> Path:
        """Remove the parts, give the folder its final name and point `latest` at it."""
        try:
            for part in part_paths(self.partial):
                part.unlink()
            self._unlock()
            self.partial.rename(self.final)
            _point(self.final.parent / LATEST, self.final.name)
        except OSError as error:
            raise ResultsUnwritable(self.partial, error) from error
        return self.final

    def discard(self) -> None:
        """Remove a run in which nothing was measured."""
        self._unlock()
        shutil.rmtree(self.partial)

    def _unlock(self) -> None:
        self._lock.release()
        (self.partial / LOCK_FILE).unlink(missing_ok=True)

    def _write(self, name: str, write: Callable[[Path], Any]) -> None:
        try:
            replace_file(self.partial / name, write)
        except OSError as error:
            raise ResultsUnwritable(self.partial, error) from error

    def _groups(self, complete: Callable[[pa.Table], pa.Table]) -> Iterator[pa.Table]:
        """The completed rows of all blocks, so many at a time that short blocks do not make a file of headers."""
        waiting: list[pa.Table] = []
        for part in part_paths(self.partial):
            waiting.append(complete(pq.read_table(part)).replace_schema_metadata(None))
            if sum(map(len, waiting)) >= ROW_GROUP:
                yield pa.concat_tables(waiting)
                waiting = []
        if waiting:
            yield pa.concat_tables(waiting)


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run read back, with the columns of results/README.md.

    run: run.json; requests: one row a request; floors: quality of the floors, one row a floor and request. Words are
    categoricals in alphabetical order, lists stay Arrow's: a million rows take no million Python objects.
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
    except (ValueError, KeyError, TypeError, OSError, RecursionError) as error:
        raise ConfigError(f"{folder / RUN_FILE}: damaged: {fault_of(error)}. Next: measure again") from error
    if version != SCHEMA_VERSION:
        raise ConfigError(
            f"{folder}: schema version {shortened(str(version))}, but this program reads {SCHEMA_VERSION}. "
            "Next: use the version that wrote it"
        )
    files = [folder / REQUESTS_FILE]
    if run.get("status") == RUNNING:
        run, files = _left_behind(folder, run), part_paths(folder)
    try:
        requests = _read_frame(files)
        floors = _read_frame([folder / FLOORS_FILE])
    except (OSError, ValueError, pa.ArrowException) as error:
        raise ConfigError(f"{folder}: cannot be read: {fault_of(error)}. Next: measure again") from error
    return StoredRun(folder, run, requests, floors)


def _left_behind(folder: Path, run: dict[str, Any]) -> dict[str, Any]:
    """run.json of a run whose process was killed, as that of one which was stopped after its last whole block."""
    if is_being_measured(folder):
        raise ConfigError(f"{folder}: it is being measured at this moment. Next: wait for its end")
    blocks = list(read_entries(folder))
    if not blocks:
        raise ConfigError(
            f"{folder}: its process was killed before a block was measured. Next: remove it, and measure again"
        )
    return run | {"status": "stopped", "blocks": blocks, "warnings": [*run.get("warnings", ()), LEFT_BEHIND]}


def amend_run(folder: Path, statements: Mapping[str, Any]) -> None:
    """Add what was concluded from a finished run to its run.json."""
    run = json.loads((folder / RUN_FILE).read_text(encoding="utf-8")) | dict(statements)
    text = json.dumps(run, indent=1, allow_nan=False)
    replace_file(folder / RUN_FILE, lambda temporary: Path(temporary).write_text(text + "\n", encoding="utf-8"))


def keep_evaluation(out: Path, scenario: str, scenario_hash: str, table: pd.DataFrame) -> Path:
    """Write quality.csv into a folder of its own, `<utc>_<scenario>_<hash>_evaluation`; returns the file's path."""
    folder = out / f"{compact_stamp()}_{scenario}_{scenario_hash[:8]}_evaluation"
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise ConfigError(f"results folder {out}: cannot be written: {error}. Next: another --out") from error
    write_table(folder / "quality.csv", table)
    return folder / "quality.csv"


def make_comparison_folder(out: Path) -> Path:
    """Make a folder for a comparison, `<utc>_comparison`. Raises ConfigError when it cannot be made."""
    folder = out / f"{compact_stamp()}_comparison"
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise ConfigError(f"results folder {out}: cannot be written: {error}. Next: another --out") from error
    return folder


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as csv; what was not measured is empty, infinity is `inf`, and no text begins a formula."""
    plain = table.map(_no_formula)
    replace_file(path, lambda temporary: plain.to_csv(temporary, index=False, float_format="%.6g", lineterminator="\n"))


def _no_formula(value: Any) -> Any:
    """A text that a spreadsheet would compute gets an apostrophe before it (OWASP, CSV Injection)."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def _write_groups(path: Path, groups: Iterator[pa.Table]) -> None:
    """Write tables of one schema as one file, a row group each.

    Whole numbers are stored as steps to the next: stamps that rise within a block take two thirds of the room that way.
    The rest is left to the format's dictionaries.
    """
    first = next(groups)
    whole = [field.name for field in first.schema if pa.types.is_integer(field.type)]
    with pq.ParquetWriter(
        path,
        first.schema,
        compression="zstd",
        use_dictionary=[_leaf(field) for field in first.schema if field.name not in whole],
        column_encoding=dict.fromkeys(whole, "DELTA_BINARY_PACKED"),
    ) as writer:
        for group in chain([first], groups):
            writer.write_table(group, row_group_size=len(group) or None)


def _leaf(field: pa.Field) -> str:
    """The name by which the format knows a column's values."""
    return f"{field.name}.list.element" if pa.types.is_list(field.type) else str(field.name)


def _read_frame(paths: Sequence[Path]) -> pd.DataFrame:
    """A table of a run, read column by column so that hardly more than the table itself is ever held.

    paths: the files of one schema that it lies in, one at least.
    """
    import pandas as pd

    with pq.ParquetFile(paths[0]) as file:
        names = file.schema_arrow.names
        words = [leaf.path for leaf in file.schema if leaf.physical_type == "BYTE_ARRAY"]
    return pd.DataFrame({name: _read_column(paths, name, words) for name in names}, copy=False)


def _read_column(paths: Sequence[Path], name: str, words: list[str]) -> pd.Series:
    """One column. words: the leaves that hold text, each word of which is kept once and stands as a number."""
    import pandas as pd

    parts = [pq.read_table(path, columns=[name], read_dictionary=words, pre_buffer=False) for path in paths]
    column = pa.concat_tables(parts).unify_dictionaries().column(name)
    values: pd.Series = column.to_pandas(types_mapper=pd.ArrowDtype if pa.types.is_list(column.type) else None)
    if isinstance(values.dtype, pd.CategoricalDtype):
        used = values.cat.remove_unused_categories()
        values = used.cat.reorder_categories(sorted(used.cat.categories))
    return values


def replace_file(path: Path, write: Any) -> None:
    """Write beside the file and rename: a reader sees the old content or the new, never half."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _made(folder: Path) -> bool:
    """Make a folder; False where there is one of that name."""
    try:
        folder.mkdir()
    except FileExistsError:
        return False
    return True


def _point(link: Path, target: str) -> None:
    """Make a symbolic link point at a sibling; where links cannot be made, a file holds the name."""
    temporary = link.with_name(f".{link.name}.{os.getpid()}.tmp")
    try:
        temporary.symlink_to(target)
    except OSError:
        temporary.write_text(target + "\n", encoding="utf-8")
    temporary.replace(link)
