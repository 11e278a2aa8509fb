"""Small scenarios as TOML, and the command line run on them inside this process (its workers are real)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bench.cli import main

HEAD = """\
name = "mini"
question = "Does it run?"
seed = 7
"""
EMBEDDED = """\
[data]
kind = "embedded"
users = 120
"""
REQUESTS = """\
[requests]
history = 10
k = 10
feedback_share = 0.1
"""
LOAD = """\
[[load]]
kind = "single_stream"
requests = 20
"""
BLOCKS = """\
[blocks]
count = 2
warmup_requests = 5
"""
FAKE = """\
[[arm]]
name = "fake"
encoder = { kind = "fake" }
placement = "profile"
"""
TFIDF = """\
[[arm]]
name = "tfidf"
label = "TF-IDF :warning: [/b]"
role = "baseline"
encoder = { kind = "tfidf" }
placement = "none"
"""


def scenario_text(
    head: str = HEAD,
    data: str = EMBEDDED,
    requests: str = REQUESTS,
    load: str = LOAD,
    blocks: str = BLOCKS,
    arms: str = FAKE,
) -> str:
    """A scenario file of these tables, one fast arm on one load where none is given."""
    return "\n".join([head, data, requests, load, blocks, arms])


def write_scenario(folder: Path, text: str | None = None) -> str:
    """Write it into a folder; returns the file's path."""
    path = folder / "mini.toml"
    path.write_text(scenario_text() if text is None else text, encoding="utf-8")
    return str(path)


def made_run(folder: Path, text: str) -> Path:
    """The folder of a run of this scenario, made by the command line; the run must end well."""
    assert main(["run", write_scenario(folder, text), "--out", str(folder / "results")]) == 0
    return (folder / "results" / "latest").resolve()


def rows_of(run: Path, **wanted: object) -> pd.DataFrame:
    """The requests of a run that have these values."""
    rows = pd.read_parquet(run / "requests.parquet")
    for column, value in wanted.items():
        rows = rows[rows[column] == value]
    return rows
