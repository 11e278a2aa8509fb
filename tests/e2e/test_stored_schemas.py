"""A run of every schema version there was, as the program of its time wrote it, opens and reports."""

import json
import shutil
from pathlib import Path

import pytest

from bench.cli import main
from bench.store import SCHEMA_VERSION

STORED = sorted((Path(__file__).parents[1] / "data").glob("run_schema_*"))


def test_there_is_a_run_of_each_version():
    assert [path.name for path in STORED] == [f"run_schema_{version}" for version in range(1, SCHEMA_VERSION + 1)]


@pytest.mark.parametrize("stored", STORED, ids=lambda path: path.name)
def test_it_opens_and_reports(stored, tmp_path, capsys):
    folder = Path(shutil.copytree(stored, tmp_path / "run"))
    assert main(["show", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {row["arm"] for row in told["summary"]} == {"tfidf", "fake"}
    assert main(["report", str(folder)]) == 0
    assert (folder / "report.html").exists() and (folder / "summary.csv").exists()


@pytest.mark.parametrize("version", [0, SCHEMA_VERSION + 1, "2", None])
def test_another_version_is_refused_with_what_to_do(tmp_path, capsys, version):
    folder = Path(shutil.copytree(STORED[-1], tmp_path / "run"))
    run = json.loads((folder / "run.json").read_text(encoding="utf-8")) | {"schema_version": version}
    (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
    assert main(["show", str(folder)]) == 2
    told = capsys.readouterr().err
    assert f"schema version {version}" in told and "Next: use the version that wrote it" in told
