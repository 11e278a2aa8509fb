"""Runs the tests of the planted faults, each in a process of its own that has what it imports already.

`python run_mutations.py NAME …` prints one JSON object a line: a name, pytest's exit code, and what pytest said. The
name "" is the program without a fault, on the tests of all. Importing libraries takes longer than most of these tests,
so they are imported once, and a process is forked for each name before anything of the program itself is.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import sys

import pytest
from planted_mutation import MUTATIONS, plant

PLUGIN = "pytest_benchmark.plugin"
LIBRARIES = ("hypothesis", "numpy", "pandas", "pyarrow.parquet", "pydantic", PLUGIN, "scipy.sparse",
             "scipy.stats", "sklearn.feature_extraction.text")  # fmt: skip
OPTIONS = ("-q", "-x", "-p", "no:cacheprovider", "-p", PLUGIN, "--assert=plain", "--tb=line")
"""The one plugin that the project's settings name; and a failure in one line, since to explain it takes longer."""


def run(name: str) -> dict[str, object]:
    """In this process, which is good for nothing else afterwards."""
    tests = [MUTATIONS[name].test] if name else sorted({mutation.test for mutation in MUTATIONS.values()})
    if name:
        plant(name)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = pytest.main([*OPTIONS, *tests])
    return {"name": name, "code": int(code), "said": said.getvalue()}


def run_apart(name: str) -> None:
    """In a fork of this process. Its line is written at once: a pipe takes more than that in one piece."""
    child = os.fork()
    if child == 0:
        line = json.dumps(run(name))
        os.write(sys.stdout.fileno(), f"{line}\n".encode())
        os._exit(0)
    os.waitpid(child, 0)


if __name__ == "__main__":
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for library in LIBRARIES:
        importlib.import_module(library)
    gc.freeze()  # or each fork's collections would walk through all of it
    for asked in sys.argv[1:]:
        run_apart(asked)
