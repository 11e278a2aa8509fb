"""Reading a large file takes little more memory than the events it holds."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

FEW, MANY = 200_000, 2_200_000
BYTES_A_ROW = 8 + 4 + 4 + 1
"""Of the columns: time, user, item, kind."""
USERS, ITEMS = 50_000, 2_000
READ = """
import sys
from pathlib import Path
from recsys.data.loading import load_dataset

def status(key):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))

few, many = sys.argv[1:]
load_dataset("csv", data_dirs=[], path=few)  # what reading anything takes: libraries, buffers, the same names
before = status("VmRSS:")
dataset = load_dataset("csv", data_dirs=[], path=many)
print(len(dataset.events), status("VmHWM:") - before)
"""

pytestmark = [
    pytest.mark.verify,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from Linux's /proc"),
]


def write_log(folder: Path, n: int, in_order: bool) -> Path:
    """n events at random, in time order or not."""
    rng = np.random.default_rng(7)
    times_s = rng.integers(1_500_000_000, 1_700_000_000, n)
    if in_order:
        times_s.sort()
    users, items = rng.integers(0, USERS, n), rng.integers(0, ITEMS, n)
    folder.mkdir()
    (folder / "items.csv").write_text(
        "item_id,title\n" + "".join(f"B{item:09},Title {item}\n" for item in range(ITEMS))
    )
    with (folder / "interactions.csv").open("w") as file:
        file.write("timestamp,user_id,item_id\n")
        for rows in np.array_split(np.arange(n), 20):
            cells = zip(times_s[rows].tolist(), users[rows].tolist(), items[rows].tolist(), strict=True)
            file.writelines(f"{time_s},U{user:010},B{item:09}\n" for time_s, user, item in cells)
    return folder


@pytest.mark.parametrize("in_order", [True, False])
def test_the_peak_is_at_most_one_and_a_half_times_the_columns(tmp_path, in_order):
    """Growth of the resident set's high-water mark while two million rows are read: 17 bytes a row are the events'."""
    few, many = write_log(tmp_path / "few", FEW, in_order), write_log(tmp_path / "many", MANY, in_order)
    done = subprocess.run([sys.executable, "-c", READ, few, many], check=True, capture_output=True, text=True)
    n_events, grown_bytes = map(int, done.stdout.split())
    assert n_events == MANY
    assert grown_bytes <= 1.5 * BYTES_A_ROW * MANY
