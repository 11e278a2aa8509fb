"""Nothing that is loaded can run code: no pickles, no model's own code, no archive that unpacks itself."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for folder in ("bench", "recsys") for path in (ROOT / folder).rglob("*.py"))
FORBIDDEN = ("pickle", "cPickle", "dill", "joblib", "shelve", "marshal", "tarfile", "yaml")
ALLOWED = dict.fromkeys(
    (
        "bench/experiments/encode_catalogue/engines/ray.py",
        "bench/measure/http/own_service.py",
        "bench/measure/wire.py",
        "bench/service/__main__.py",
    ),
    {"pickle"},
)
"""Over the pipe between a process and the one that it started itself, a worker or a service, within a cluster of Ray,
which carries all that it is given so, and nowhere else."""
CALLS = {"eval", "exec"}


def nodes(kind):
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, kind):
                yield str(path.relative_to(ROOT)), node


def keyword(call, name):
    return next((word.value for word in call.keywords if word.arg == name), None)


def is_call_of(call, *names):
    return ast.unparse(call.func) in names


def test_no_module_that_runs_what_it_loads_is_imported():
    found = {}
    for path, node in nodes((ast.Import, ast.ImportFrom)):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
        for name in names:
            if name.split(".")[0] in FORBIDDEN:
                found.setdefault(path, set()).add(name)
    assert found == ALLOWED


def test_arrays_are_loaded_without_pickles():
    calls = [(path, call) for path, call in nodes(ast.Call) if is_call_of(call, "np.load", "numpy.load")]
    assert calls
    for path, call in calls:
        allowed = keyword(call, "allow_pickle")
        assert isinstance(allowed, ast.Constant) and allowed.value is False, f"{path}:{call.lineno}"


def test_weights_are_never_pickles_and_a_model_s_own_code_is_never_run():
    for path, call in nodes(ast.Call):
        where = f"{path}:{call.lineno}"
        assert not is_call_of(call, "torch.load", *CALLS), where
        trusted = keyword(call, "trust_remote_code")
        assert trusted is None or (isinstance(trusted, ast.Constant) and trusted.value is False), where


@pytest.mark.parametrize("name", ["extractall", "unpack_archive"])
def test_no_archive_is_unpacked(name):
    found = [path for path, node in nodes(ast.Attribute) if node.attr == name]
    assert found == [], "an archive can name files outside of the folder"
