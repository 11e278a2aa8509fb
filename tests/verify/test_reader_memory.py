"""Reading a large file takes little more memory than the events it holds."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

FEW, MANY = 200_000, 2_200_000
BYTES_A_ROW = 8 + 4 + 4 + 1
"""Of the columns: time, user, item, kind."""
USERS, ITEMS = 50_000, 2_000
READ = """
import json, sys
from pathlib import Path
from recsys.data.loading import load_dataset

def status(key):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))

kind, options, few, many = sys.argv[1:]
options = json.loads(options)
load_dataset(kind, data_dirs=[], path=few, **options)  # what reading anything takes: libraries, buffers, the same names
before = status("VmRSS:")
dataset = load_dataset(kind, data_dirs=[], path=many, **options)
print(len(dataset.events), status("VmHWM:") - before)
"""
JSON_LINES = {"format": "jsonl-2023", "items": "meta.jsonl", "interactions": "reviews.jsonl"}

pytestmark = [
    pytest.mark.verify,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from Linux's /proc"),
]


def events(n: int, in_order: bool) -> Iterator[tuple[int, int, int]]:
    """n times, users and items at random, in time order or not."""
    rng = np.random.default_rng(7)
    times_s = rng.integers(1_500_000_000, 1_700_000_000, n)
    if in_order:
        times_s.sort()
    users, items = rng.integers(0, USERS, n), rng.integers(0, ITEMS, n)
    for rows in np.array_split(np.arange(n), 20):
        yield from zip(times_s[rows].tolist(), users[rows].tolist(), items[rows].tolist(), strict=True)


def write_csv(folder: Path, n: int, in_order: bool) -> None:
    (folder / "items.csv").write_text(
        "item_id,title\n" + "".join(f"B{item:09},Title {item}\n" for item in range(ITEMS))
    )
    with (folder / "interactions.csv").open("w") as file:
        file.write("timestamp,user_id,item_id\n")
        file.writelines(f"{time_s},U{user:010},B{item:09}\n" for time_s, user, item in events(n, in_order))


def write_json_lines(folder: Path, n: int, in_order: bool) -> None:
    """As UCSD publishes them in 2023, with the words of the review, which are not kept."""
    with (folder / "meta.jsonl").open("w") as file:
        file.writelines(
            json.dumps({"parent_asin": f"B{item:09}", "title": f"Title {item}"}) + "\n" for item in range(ITEMS)
        )
    with (folder / "reviews.jsonl").open("w") as file:
        file.writelines(
            f'{{"rating": 5.0, "title": "Good", "text": "{"word " * 20}", "parent_asin": "B{item:09}", '
            f'"user_id": "U{user:010}", "timestamp": {time_s}000, "verified_purchase": true}}\n'
            for time_s, user, item in events(n, in_order)
        )


@pytest.mark.parametrize("in_order", [True, False])
@pytest.mark.parametrize(
    ("kind", "options", "write", "most"),
    [("csv", {}, write_csv, 1.5), ("amazon", JSON_LINES, write_json_lines, 1.75)],
    ids=["csv", "json lines"],
)
def test_the_peak_is_little_more_than_the_columns(tmp_path, kind, options, write, most, in_order):
    """Growth of the resident set's high-water mark while two million rows are read: 17 bytes a row are the events'."""
    folders = [tmp_path / "few", tmp_path / "many"]
    for folder, n in zip(folders, (FEW, MANY), strict=True):
        folder.mkdir()
        write(folder, n, in_order)
    command = [sys.executable, "-c", READ, kind, json.dumps(options), *map(str, folders)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    n_events, grown_bytes = map(int, done.stdout.split())
    assert n_events == MANY
    assert grown_bytes <= most * BYTES_A_ROW * MANY, f"{grown_bytes / 1e6:.0f} MB"
