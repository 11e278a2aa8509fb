"""Each fault planted in the instrument fails the test that is named for it, which passes without."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from planted_mutation import MUTATIONS, VARIABLE

ROOT = Path(__file__).parents[2]
FAILED = 1
"""pytest's exit code for tests that ran and failed; others mean that none was run."""


def run_tests(tests, mutation=None):
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    if mutation:
        environment[VARIABLE] = mutation
    search = os.pathsep.join([str(ROOT / "tests"), str(ROOT), os.environ.get("PYTHONPATH", "")])
    words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "planted_mutation", *tests]
    return subprocess.run(
        words, cwd=ROOT, env=environment | {"PYTHONPATH": search}, capture_output=True, text=True, timeout=300
    )


def test_without_a_fault_they_all_pass():
    run = run_tests(sorted({mutation.test for mutation in MUTATIONS.values()}))
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_planted_fault_is_caught(name):
    mutation = MUTATIONS[name]
    source = (ROOT / mutation.path).read_text(encoding="utf-8")
    assert source.count(mutation.right) == 1, "the planted fault must follow its source"
    run = run_tests([mutation.test], name)
    assert run.returncode == FAILED, run.stdout + run.stderr
