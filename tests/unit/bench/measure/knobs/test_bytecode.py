"""Whether workers compile the project anew is read from the interpreter and from what lies beside the code."""

import sys

import pytest

from bench.measure.knobs import bytecode
from bench.measure.knobs.bytecode import Bytecode


@pytest.mark.parametrize(
    ("kept", "forbidden", "verdict", "said"),
    [
        (True, True, "GOOD", "compiled"),
        (False, False, "GOOD", "when it is first imported"),
        (False, True, "IMPROVABLE", "compiles the project anew"),
    ],
)
def test_only_code_that_is_never_kept_is_told_of(kept, forbidden, verdict, said, tmp_path, monkeypatch):
    cached = tmp_path / "bytecode.pyc"
    if kept:
        cached.touch()
    monkeypatch.setattr(bytecode, "cache_from_source", lambda path: str(cached))
    monkeypatch.setattr(sys, "dont_write_bytecode", forbidden)
    report = Bytecode.inspect()
    assert (report.verdict.value, said in report.state) == (verdict, True)
    assert bool(report.advice) == (verdict != "GOOD")
