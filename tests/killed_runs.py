"""Runs of the fake encoder that are killed, with kill -9, at a random moment of their life; and what each left."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
from mini_scenario import FAKE, LOAD, TFIDF, scenario_text, write_scenario

from bench.analysis.conclude import conclude
from bench.errors import ConfigError
from bench.store import load_run

ROOT = Path(__file__).parents[1]
LONGEST_S = 60.0
FROM_FOLDER = 0.75
SLOW = FAKE.replace('kind = "fake"', 'kind = "fake", service_ms = 1.0')
WHOLE, STOPPED, UNMEASURED, NOTHING = "whole", "stopped", "unmeasured", "nothing"


def text_of(blocks: int) -> str:
    """A scenario of two arms with so many blocks of ten requests each."""
    load = LOAD.replace("20", f"{10 * blocks}")
    return scenario_text(load=load, blocks=f"[blocks]\ncount = {blocks}\nwarmup_requests = 5\n", arms=TFIDF + SLOW)


def kill_one(folder: Path, text: str, random_: random.Random, life_s: float, *, worker: bool = False) -> str:
    """Start a run of a scenario, kill it (or one of its workers) at a random moment, and say what is left.

    life_s: how long after its start at most, in one case of four; in the others, how long after its folder is made.

    WHOLE: a run that ended before, or that its worker's death did not end; STOPPED: a folder that opens as a stopped
    run; UNMEASURED: one without a block, which says so; NOTHING: no folder yet. AssertionError for anything else.
    """
    folder.mkdir()
    words = [sys.executable, "run_bench.py", "run", write_scenario(folder, text), "--out", str(folder / "results")]
    with subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as run:
        if random_.random() < FROM_FOLDER:
            wait_for_folder(run, folder / "results")
        wait_s(run, random_.uniform(0.0, life_s))
        children = psutil.Process(run.pid).children(recursive=True) if run.poll() is None else []
        _kill(random_.choice(children).pid if worker and children else run.pid)
        run.wait(LONGEST_S)
        _, alive = psutil.wait_procs(children, timeout=10)
        assert not alive, "no worker goes on without its parent"
    return what_is_left(folder / "results")


def wait_for_folder(run: subprocess.Popen[bytes], results: Path) -> None:
    """Wait until a run has made its folder: loading libraries takes longer than all that a kill could damage."""
    end_s = time.monotonic() + LONGEST_S
    while time.monotonic() < end_s and run.poll() is None and not list(results.glob("2*")):
        time.sleep(0.005)


def wait_s(run: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait so long, or until the run has ended."""
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s and run.poll() is None:
        time.sleep(0.005)


def what_is_left(results: Path) -> str:
    """How the one run in a results folder is found, which has to open and to be analysed."""
    folders = [path for path in results.glob("2*")] if results.exists() else []
    if not folders:
        return NOTHING
    (folder,) = folders
    if not folder.name.endswith(".partial"):
        assert conclude(load_run(folder)).run["status"] == "complete"
        return WHOLE
    try:
        statements = conclude(load_run(folder))
    except ConfigError as error:
        unmeasured = any(why in str(error) for why in ("no run.json there", "before a block was measured"))
        if not unmeasured or list(folder.glob("part-*")):
            raise
        return UNMEASURED
    measured = sum(block["requests"] for block in statements.run["blocks"])
    assert len(statements.requests) == measured > 0
    return STOPPED if statements.run["status"] == "stopped" else WHOLE


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has ended by itself
        os.kill(pid, signal.SIGKILL)
