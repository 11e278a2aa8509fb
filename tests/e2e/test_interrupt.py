"""Ctrl-C in a terminal reaches the run and all its workers: what was measured is kept, and nobody cries."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mini_scenario import FAKE, LOAD, scenario_text, write_scenario

from bench.store import load_run

ROOT = Path(__file__).parents[2]
LIMIT_S = 120


@pytest.fixture
def interruptible():
    """Tests that a shell runs in the background ignore Ctrl-C, and what they start would inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
def test_an_interrupted_run_is_kept_marked_stopped(tmp_path):
    slow = FAKE.replace('kind = "fake"', 'kind = "fake", service_ms = 1.0')
    arms = slow + slow.replace('name = "fake"', 'name = "other"')
    text = scenario_text(load=LOAD.replace("20", "400"), blocks="[blocks]\ncount = 100\n", arms=arms)
    words = [sys.executable, "run_bench.py", "run", write_scenario(tmp_path, text), "--out", str(tmp_path / "results")]
    with subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as run:
        deadline_s = time.monotonic() + LIMIT_S
        while not list(tmp_path.glob("results/*.partial/part-00003.parquet")):
            assert run.poll() is None, run.stderr.read()
            assert time.monotonic() < deadline_s
            time.sleep(0.05)
        os.killpg(run.pid, signal.SIGINT)
        _, told = run.communicate(timeout=LIMIT_S)
    assert run.returncode == 130, told
    assert "Traceback" not in told
    assert "marked stopped" in told
    stored = load_run(tmp_path / "results" / "latest")
    assert stored.run["status"] == "stopped"
    assert 16 <= len(stored.requests) < 800
    assert set(stored.requests["arm"]) == {"other", "fake"}
