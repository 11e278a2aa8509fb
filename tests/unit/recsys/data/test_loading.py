"""Data sets by kind: options, folders and where files are looked for."""

from pathlib import Path

import pytest

from recsys.data.loading import check_options, data_dirs_from_environment, find_path, load_dataset
from recsys.errors import BadOptions, DataError, UnknownKind


def test_folders_in_order(monkeypatch, tmp_path):
    monkeypatch.setenv("LLM_REC_BENCH_DATA", str(tmp_path / "from_variable"))
    assert data_dirs_from_environment(tmp_path) == (tmp_path, tmp_path / "from_variable", Path("data"))
    monkeypatch.delenv("LLM_REC_BENCH_DATA")
    assert data_dirs_from_environment() == (Path("data"),)


def test_check_options_loads_nothing():
    assert check_options("csv", {"path": "nowhere/at/all"}).path == "nowhere/at/all"
    with pytest.raises(BadOptions, match="users"):
        check_options("embedded", {"users": 0})


def test_options_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        check_options("embedded", {}).seed = 8


def test_unknown_kind_is_suggested():
    with pytest.raises(UnknownKind, match='did you mean "embedded"'):
        load_dataset("embeded", data_dirs=[])


def test_find_path_tries_suffixes_in_each_folder(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    (first / "x.csv.gz").touch()
    (second / "x.csv").touch()
    assert find_path(Path("x.csv"), [first, second], ("", ".gz")) == first / "x.csv.gz"
    assert find_path(Path("x.csv"), [first, second]) == second / "x.csv"


@pytest.mark.parametrize("wanted", ["../secret.csv", "a/../../secret.csv", "a/../b"])
def test_no_relative_path_leads_out_of_the_folders(tmp_path, wanted):
    inside = tmp_path / "data"
    (inside / "a").mkdir(parents=True)
    (tmp_path / "secret.csv").touch()
    with pytest.raises(DataError, match="leads out of the data folders"):
        find_path(Path(wanted), [inside])
    assert find_path((tmp_path / "data" / ".." / "secret.csv").resolve(), [inside]).name == "secret.csv"


@pytest.mark.parametrize("wanted", ["x\0y", "n" * 5000])
def test_impossible_paths_are_only_not_found(tmp_path, wanted):
    with pytest.raises(DataError, match="not found"):
        find_path(Path(wanted), [tmp_path])


def test_no_folder_at_all():
    with pytest.raises(DataError, match="nowhere"):
        find_path(Path("x"), [])
