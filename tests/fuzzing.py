"""Damaged files: valid ones with bytes flipped, cut out, doubled or replaced; and the readers that refuse them."""

from __future__ import annotations

import gzip
import io
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from data_samples import BEHAVIOURS, INTERACTIONS, ITEMS, MOVIES, NEWS, RATINGS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_data import make_dataset

from bench.errors import ConfigError
from bench.parts import with_entry
from bench.scenario_file import read_scenario, shipped_scenarios
from bench.store import load_run
from bench.traffic.recorded_times import read_times_ns
from bench.traffic.replayed import replayed_requests
from recsys.data.item_arrays import ArrayOptions, with_arrays
from recsys.data.loading import load_dataset
from recsys.errors import RecsysError

LIMIT = timedelta(seconds=20)
"""That a reader may take: nothing hangs."""
LONGEST_MESSAGE = 4_000
QUIET = [HealthCheck.too_slow, HealthCheck.large_base_example, HealthCheck.data_too_large]
INTRUDERS = (
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b'"',
    b"\r",
    b"\n\n",
    b",,,,",
    b"-1",
    b"nan",
    b"1e400",
    b"9" * 40,
    b"9" * 5000,
    b"[" * 3000,
    b"{" * 3000,
    b"\\ud800",
    b"\xed\xa0\x80",
    "שלום עולם \u202e".encode(),
    b"Title " * 17_000,
    b"=cmd()",
    b"../../../etc/passwd",
    b"true",
    b"null",
    b"{}",
    b"[]",
)
"""Bytes put in: NUL, marks of order and of an encoding, huge numbers, deep nesting, lone surrogates, 100 kB titles."""


@dataclass(frozen=True)
class Reader:
    """A valid file of a form, and what reads it. read: raises ConfigError or RecsysError for one it cannot use."""

    name: str
    content: Callable[[], bytes]
    read: Callable[[Path], object]
    others: Callable[[Path], None] = lambda folder: None

    def on(self, folder: Path, content: bytes) -> str:
        """What the reader says of a file with this content, "" where it takes it."""
        self.others(folder)
        path = folder / self.name
        path.write_bytes(content)
        try:
            self.read(path)
        except (ConfigError, RecsysError) as error:
            return str(error)
        return ""


def try_damaged(form: str, cases: int) -> int:
    """Read so many damaged files of a form; returns how many were refused.

    AssertionError, or the reader's own error, for one that is neither taken nor refused in one message.
    """
    reader, refused = READERS[form], []

    @settings(max_examples=cases, deadline=LIMIT, suppress_health_check=QUIET, derandomize=True, database=None)
    @given(content=damaged(reader.content()) | st.binary(max_size=400))
    def try_one(content: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            told = reader.on(Path(folder), content)
        assert len(told) < LONGEST_MESSAGE, "one message, however large the file"
        if told:
            refused.append(told)

    try_one()
    return len(refused)


def damaged(content: bytes) -> st.SearchStrategy[bytes]:
    """The content after one to four accidents."""
    return st.lists(_accidents(), min_size=1, max_size=4).map(lambda accidents: _after(content, accidents))


Accident = tuple[str, float, float, bytes]


def _accidents() -> st.SearchStrategy[Accident]:
    share = st.floats(0, 1, exclude_max=True)
    kind = st.sampled_from(["flip", "cut", "drop", "double", "put", "swap", "column"])
    return st.tuples(kind, share, share, st.sampled_from(INTRUDERS) | st.binary(min_size=1, max_size=8))


def _after(content: bytes, accidents: list[Accident]) -> bytes:
    for kind, at, until, intruder in accidents:
        low, high = sorted((int(at * (len(content) + 1)), int(until * (len(content) + 1))))
        high = min(high, low + 200)
        if kind == "flip" and content:
            content = (
                content[:low] + bytes([byte ^ intruder[0] for byte in content[low : low + 1]]) + content[low + 1 :]
            )
        elif kind == "cut":
            content = content[:low]
        elif kind == "drop":
            content = content[:low] + content[high:]
        elif kind == "double":
            content = content[:high] + content[low:]
        elif kind == "put":
            content = content[:low] + intruder + content[low:]
        elif kind == "swap":
            content = content[:low] + intruder + content[high:]
        elif kind == "column":
            lines = content.split(b"\n")
            content = b"\n".join(line.rpartition(b",")[0] or line for line in lines)
    return content


def _dataset(kind: str, **options: object) -> Callable[[Path], object]:
    return lambda path: load_dataset(kind, data_dirs=(path.parent,), **options)


def _with(files: dict[str, str]) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")

    return write


def _json_lines(*records: dict[str, object]) -> bytes:
    return "\n".join(json.dumps(record) for record in records).encode()


def _reviews() -> bytes:
    ids = (("u1", "a"), ("u2", "b"), ("u1", "c"), ("u2", "a"))
    return _json_lines(
        *(
            {"user_id": user, "parent_asin": item, "rating": 4.0, "timestamp": 1_600_000_000_000 + place}
            | {"title": "Good", "text": "Works."}
            for place, (user, item) in enumerate(ids)
        )
    )


META = _json_lines(*({"parent_asin": item, "title": f"Item {item}", "categories": ["Games"]} for item in "abc"))
AMAZON = _dataset("amazon", path=".", format="jsonl-2023", items="meta.jsonl", interactions="reviews.jsonl")
DATA = make_dataset(12, 6)
REQUESTS = (
    "timestamp,request_kind,user_id,query,item_id,event_kind\n"
    + "".join(f"{10**9 + row},recommend,{DATA.user_ids[row % 6]},red cup,,\n" for row in range(8))
    + f"{10**9 + 9},feedback,{DATA.user_ids[1]},,{DATA.items[3].item_id},click\n"
    + f"{10**9 + 10},ingest,,,{DATA.items[4].item_id},\n"
)
TIMES = "timestamp\n" + "".join(f"{1_600_000_000 + row * 0.25}\n" for row in range(40))


def _requests(path: Path) -> object:
    return replayed_requests(path, DATA, 8, 0)


def _times(path: Path) -> object:
    return read_times_ns(path, "timestamp", "s")


def _arrays(path: Path) -> object:
    return with_arrays(DATA, ArrayOptions(arrays={"picture": path.name}), lambda wanted: path)


def _npy() -> bytes:
    file = io.BytesIO()
    np.save(file, np.ones((len(DATA.items), 3), np.float32))
    return file.getvalue()


def _npz() -> bytes:
    file = io.BytesIO()
    ids = np.array([item.item_id for item in DATA.items])
    np.savez_compressed(file, vectors=np.ones((len(ids), 3), np.float32), item_id=ids)
    return file.getvalue()


def _parquet(table: pa.Table) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


def _vectors() -> bytes:
    ids = [item.item_id for item in DATA.items]
    return _parquet(pa.table({"item_id": ids, "vector": [[1.0, 2.0]] * len(ids)}))


def _request_table() -> bytes:
    lines = [line.split(",") for line in REQUESTS.splitlines()]
    columns = zip(*lines[1:], strict=True)
    return _parquet(pa.table({name: list(column) for name, column in zip(lines[0], columns, strict=True)}))


RUN = {
    "schema_version": 1, "id": "one", "status": "complete", "scenario_hash": "0", "scenario": {}, "environment": {},
    "data": {}, "arms": [], "blocks": [], "warnings": [],
}  # fmt: skip
ROWS = pa.table({"row": [1, 2, 3], "arm": pa.array(["a", "b", "a"]).dictionary_encode()})


def _run_file(name: str) -> Callable[[Path], None]:
    """The other files of a run beside one of them; part of a run that was left behind."""

    def write(folder: Path) -> None:
        status = "running" if name.startswith("part") else "complete"
        (folder / "run.json").write_text(json.dumps(RUN | {"status": status}), encoding="utf-8")
        for other in ("requests.parquet", "floors.parquet"):
            pq.write_table(ROWS, folder / other)

    return write


READERS = {
    "scenario": Reader("s.toml", lambda: shipped_scenarios()["quickstart"].read_bytes(), read_scenario),
    "csv items": Reader("items.csv", ITEMS.encode, _dataset("csv"), _with({"interactions.csv": INTERACTIONS})),
    "csv interactions": Reader("interactions.csv", INTERACTIONS.encode, _dataset("csv"), _with({"items.csv": ITEMS})),
    "gzip interactions": Reader(
        "interactions.csv.gz",
        lambda: gzip.compress(INTERACTIONS.encode()),
        _dataset("csv"),
        _with({"items.csv": ITEMS}),
    ),
    "movielens movies": Reader(
        "movies.csv", MOVIES.encode, _dataset("movielens", path="."), _with({"ratings.csv": RATINGS})
    ),
    "movielens ratings": Reader(
        "ratings.csv", RATINGS.encode, _dataset("movielens", path="."), _with({"movies.csv": MOVIES})
    ),
    "mind news": Reader("news.tsv", NEWS.encode, _dataset("mind", path="."), _with({"behaviors.tsv": BEHAVIOURS})),
    "mind behaviours": Reader(
        "behaviors.tsv", BEHAVIOURS.encode, _dataset("mind", path="."), _with({"news.tsv": NEWS})
    ),
    "json lines of reviews": Reader("reviews.jsonl", _reviews, AMAZON, _with({"meta.jsonl": META.decode()})),
    "json lines of items": Reader(
        "meta.jsonl", lambda: META, AMAZON, lambda folder: _with({"reviews.jsonl": _reviews().decode()})(folder)
    ),
    "csv of requests": Reader("requests.csv", REQUESTS.encode, _requests),
    "gzip of requests": Reader("requests.csv.gz", lambda: gzip.compress(REQUESTS.encode()), _requests),
    "parquet of requests": Reader("requests.parquet", _request_table, _requests),
    "csv of times": Reader("times.csv", TIMES.encode, _times),
    "parquet of times": Reader("times.parquet", lambda: _parquet(pa.table({"timestamp": [1.5, 2.0, 3.25]})), _times),
    "npy": Reader("vectors.npy", _npy, _arrays),
    "npz": Reader("vectors.npz", _npz, _arrays),
    "parquet of vectors": Reader("vectors.parquet", _vectors, _arrays),
    "run.json": Reader(
        "run.json", lambda: json.dumps(RUN).encode(), lambda path: load_run(path.parent), _run_file("run.json")
    ),
    "requests.parquet": Reader(
        "requests.parquet", lambda: _parquet(ROWS), lambda path: load_run(path.parent), _run_file("requests")
    ),
    "part of a run": Reader(
        "part-00000.parquet",
        lambda: _parquet(with_entry(ROWS, {"arm": "a"})),
        lambda path: load_run(path.parent),
        _run_file("part"),
    ),
}
"""Form → its reader."""
