"""A catalogue of many short texts on disk, the command that encodes it, and its end by SIGKILL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

N = 6_000
SCENARIO = """
name = "many"
question = "?"
[data]
kind = "csv"
path = "many"
[requests]
k = 5
[[load]]
kind = "offline"
requests = 1
[[arm]]
name = "hashing"
encoder = { kind = "hashing", dim = 64 }
placement = "none"
[[arm]]
name = "slow"
encoder = { kind = "transformer", model = "bert-tiny-uncased", weights = "random" }
placement = "offline"
[[arm]]
name = "wide"
encoder = { kind = "hashing" }
placement = "none"
"""


def write_many(folder: Path, n: int = N) -> Path:
    """A scenario file and its data: n items, every tenth with the title of the one before. Returns the folder."""
    (folder / "many").mkdir()
    drawn = np.random.default_rng(5)
    words = [f"word{number}" for number in range(500)]
    titles = [" ".join(drawn.choice(words, drawn.integers(1, 9))) + f" {number}" for number in range(n)]
    for number in range(9, n, 10):
        titles[number] = titles[number - 1]
    rows = "".join(f"i{number},{title}\n" for number, title in enumerate(titles))
    (folder / "many" / "items.csv").write_text("item_id,title\n" + rows)
    events = "".join(f"{1000 + number},u{number % 7},i{number}\n" for number in range(100))
    (folder / "many" / "interactions.csv").write_text("timestamp,user_id,item_id\n" + events)
    (folder / "many.toml").write_text(SCENARIO)
    return folder


def words(place: Path, out: Path, arm: str = "hashing", *more: str) -> list[str]:
    """The command that encodes them."""
    scenario = [str(place / "many.toml"), "--data-dir", str(place), "--arm", arm, "--out", str(out)]
    return ["encode-catalogue", *scenario, *(more or ("--shard-texts", "300"))]


def files_of(folder: Path) -> dict[str, bytes]:
    """All that was written, by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != ".lock"}


def kill_after(shards: int, command: list[str], out: Path, limit_s: float = 60) -> None:
    """Start it in a process of its own, and end that by SIGKILL when it has written so many shards."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([".", *filter(None, [os.environ.get("PYTHONPATH")])])}
    process = subprocess.Popen(
        [sys.executable, "run_bench.py", *command], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        for _ in range(round(limit_s / 0.02)):
            if len(list(out.glob("shard-*"))) >= shards or process.poll() is not None:
                break
            time.sleep(0.02)
        assert process.poll() is None, process.stdout.read().decode()  # type: ignore[union-attr]
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
