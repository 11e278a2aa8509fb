"""Damaged files of every form: taken or refused in one message, never a traceback. `make verify` tries many more."""

import pytest
from fuzzing import READERS, try_damaged

from bench.cli import main

CASES = 20


@pytest.mark.parametrize("form", READERS)
def test_the_file_itself_is_taken(form, tmp_path):
    reader = READERS[form]
    assert reader.on(tmp_path, reader.content()) == ""


@pytest.mark.parametrize("form", READERS)
def test_a_damaged_file_is_taken_or_refused(form):
    assert try_damaged(form, CASES) > 0, "so many accidents, and none of them was noticed"


@pytest.mark.parametrize("content", ["", "name = 3", "[" * 5000, "seed = " + "9" * 5000, "\0", 'name = "a"\r'])
def test_the_command_line_says_so_without_a_traceback(tmp_path, capsys, content):
    path = tmp_path / "s.toml"
    path.write_text(content, encoding="utf-8")
    assert main(["run", str(path), "--out", str(tmp_path / "results")]) == 2
    told = capsys.readouterr().err
    assert str(path) in told and "Traceback" not in told
    assert not (tmp_path / "results").exists(), "nothing is left behind"
