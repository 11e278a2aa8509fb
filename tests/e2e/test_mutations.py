"""Each fault planted in the instrument fails the test that is named for it, which passes without."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from planted_mutation import MUTATIONS

ROOT = Path(__file__).parents[2]
PASSED, FAILED = 0, 1
"""pytest's exit codes for tests that ran; others mean that none was run."""
NO_FAULT = ""


@pytest.fixture(scope="module")
def runs():
    """What pytest said of each fault, by its name."""
    search = os.pathsep.join([str(ROOT / "tests"), str(ROOT), os.environ.get("PYTHONPATH", "")])
    words = [sys.executable, "tests/run_mutations.py", NO_FAULT, *MUTATIONS]
    done = subprocess.run(
        words, cwd=ROOT, env=os.environ | {"PYTHONPATH": search}, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    return {told["name"]: told for told in map(json.loads, done.stdout.splitlines())}


def test_without_a_fault_they_all_pass(runs):
    assert runs[NO_FAULT]["code"] == PASSED, runs[NO_FAULT]["said"]


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_planted_fault_is_caught(runs, name):
    mutation = MUTATIONS[name]
    source = (ROOT / mutation.path).read_text(encoding="utf-8")
    assert source.count(mutation.right) == 1, "the planted fault must follow its source"
    assert runs[name]["code"] == FAILED, runs[name]["said"]
