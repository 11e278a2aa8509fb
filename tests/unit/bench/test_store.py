"""A run on disk: whole or marked partial, readable or refused in one message."""

import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.errors import ConfigError
from bench.store import SCHEMA_VERSION, RunFolder, amend_run, keep_evaluation, load_run, write_table


def rows(*values):
    return pa.table({"row": list(values)})


def as_it_is(table):
    return table


def finished(out, run_id="one"):
    folder = RunFolder(out, run_id)
    folder.add_block(rows(1, 2))
    folder.add_block(rows(3))
    folder.merge(as_it_is)
    folder.write_floors(rows(9))
    folder.write_run({"status": "complete"})
    return folder.finish()


def test_a_run_is_read_back_as_it_was_written(tmp_path):
    stored = load_run(finished(tmp_path / "results"))
    assert stored.run == {"schema_version": SCHEMA_VERSION, "id": "one", "status": "complete"}
    assert stored.requests["row"].tolist() == [1, 2, 3]
    assert stored.floors["row"].tolist() == [9]


def test_only_a_finished_run_has_its_name_and_nothing_is_left_beside_it(tmp_path):
    folder = RunFolder(tmp_path, "one")
    folder.add_block(rows(1))
    assert [path.name for path in tmp_path.iterdir()] == ["one.partial"]
    kept = sorted(path.name for path in (tmp_path / "one.partial").iterdir())
    assert kept == ["measuring.lock", "part-00000.parquet"], "kept at once"
    folder.merge(as_it_is)
    folder.write_run({})
    folder.finish()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["latest", "one"]
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == ["requests.parquet", "run.json"]


def test_latest_points_at_the_newest_run_wherever_the_results_are_moved(tmp_path):
    finished(tmp_path / "results", "one")
    finished(tmp_path / "results", "two")
    (tmp_path / "results").rename(tmp_path / "moved")
    assert load_run(tmp_path / "moved" / "latest").run["id"] == "two"


def merged(out, parts, complete=as_it_is):
    folder = RunFolder(out, "one")
    for part in parts:
        folder.add_block(part)
    folder.merge(complete)
    folder.write_floors(rows(9))
    folder.write_run({})
    return folder.finish()


def test_parts_keep_their_order_past_ten(tmp_path):
    folder = merged(tmp_path, [rows(value) for value in range(12)])
    assert load_run(folder).requests["row"].tolist() == list(range(12))


def test_parts_are_completed_one_by_one_and_written_together_while_they_are_short(tmp_path):
    seen = []

    def complete(part):
        seen.append(len(part))
        return part.append_column("twice", pa.array([2 * row for row in part["row"].to_pylist()]))

    sizes = [40_000, 30_000, 10, 70_000]
    folder = merged(tmp_path, [rows(*range(size)) for size in sizes], complete)
    assert seen == sizes
    file = pq.ParquetFile(folder / "requests.parquet").metadata
    groups = [file.row_group(place).num_rows for place in range(file.num_row_groups)]
    assert groups == [70_000, 70_010], "short blocks share a group, and no more than two are held at once"
    assert (load_run(folder).requests["twice"] == 2 * load_run(folder).requests["row"]).all()


def test_words_are_numbers_in_memory_whatever_order_and_block_they_come_in(tmp_path):
    parts = [pa.table({"row": [1, 2], "arm": pa.array(words).dictionary_encode()}) for words in ("zb", "ab")]
    requests = load_run(merged(tmp_path, parts)).requests
    assert requests["arm"].tolist() == ["z", "b", "a", "b"]
    assert requests["arm"].cat.categories.tolist() == ["a", "b", "z"], "in alphabetical order, as groups are sorted"


def test_a_run_of_plain_words_is_read_the_same_way(tmp_path):
    requests = load_run(merged(tmp_path, [pa.table({"arm": ["z", None, "a"]})])).requests
    assert requests["arm"].cat.categories.tolist() == ["a", "z"]
    assert requests["arm"].isna().tolist() == [False, True, False]


def test_lists_stay_arrows_and_keep_their_items(tmp_path):
    lists = [["i2", "i1"], [], ["i1"]]
    parts = [pa.table({"recommended": pa.array(part, pa.list_(pa.string()))}) for part in (lists[:2], lists[2:])]
    requests = load_run(merged(tmp_path, parts)).requests
    assert pa.array(requests["recommended"]).to_pylist() == lists
    assert pq.ParquetFile(tmp_path / "one" / "requests.parquet").read()["recommended"].to_pylist() == lists


def test_stamps_far_apart_and_before_the_start_are_kept_exactly(tmp_path):
    stamps = [0, -1, 2**62, -(2**62), 1, None]
    requests = load_run(merged(tmp_path, [pa.table({"intended_ns": pa.array(stamps, pa.int64())})])).requests
    assert pq.read_table(tmp_path / "one" / "requests.parquet")["intended_ns"].to_pylist() == stamps
    assert len(requests) == len(stamps)


def test_a_discarded_run_leaves_nothing(tmp_path):
    folder = RunFolder(tmp_path, "one")
    folder.add_block(rows(1))
    folder.discard()
    assert list(tmp_path.iterdir()) == []


def test_results_that_cannot_be_written_are_told_with_the_next_step(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be written.*Next: another --out"):
        RunFolder(tmp_path / "file", "one")
    with pytest.raises(ConfigError, match="Next: another --out"):
        keep_evaluation(tmp_path / "file", "mini", "0" * 64, pd.DataFrame())


def test_a_run_that_is_none_is_told_with_those_there_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    finished(tmp_path / "results", "one")
    with pytest.raises(ConfigError, match="Known: (latest, )?one"):
        load_run("onw")
    assert load_run("one").run["id"] == "one"


@pytest.mark.parametrize("damage", [b"{", b"[]", b'{"id": "one"}', b"Title " * 20_000 + b"\x80"])
def test_a_damaged_run_is_refused_in_a_short_message(tmp_path, damage):
    folder = finished(tmp_path)
    (folder / "run.json").write_bytes(damage)
    with pytest.raises(ConfigError, match="damaged") as refused:
        load_run(folder)
    assert len(str(refused.value)) < 1000


def test_a_schema_version_of_any_size_is_told_in_a_short_message(tmp_path):
    folder = finished(tmp_path)
    (folder / "run.json").write_text(json.dumps({"schema_version": "1" * 10**5}), encoding="utf-8")
    with pytest.raises(ConfigError, match="schema version 1{60}…") as refused:
        load_run(folder)
    assert len(str(refused.value)) < 1000


def test_a_run_of_another_schema_is_refused(tmp_path):
    folder = finished(tmp_path)
    (folder / "run.json").write_text(json.dumps({"schema_version": SCHEMA_VERSION + 1}), encoding="utf-8")
    with pytest.raises(ConfigError, match=f"schema version {SCHEMA_VERSION + 1}.*reads {SCHEMA_VERSION}"):
        load_run(folder)


@pytest.mark.parametrize("file", ["requests.parquet", "floors.parquet"])
def test_a_run_without_its_rows_is_refused(tmp_path, file):
    folder = finished(tmp_path)
    (folder / file).write_bytes(b"no parquet")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_run(folder)


def test_statements_are_added_and_nothing_else_changes(tmp_path):
    folder = finished(tmp_path)
    amend_run(folder, {"answer": "42"})
    assert load_run(folder).run == {
        "schema_version": SCHEMA_VERSION, "id": "one", "status": "complete", "answer": "42",
    }  # fmt: skip


def test_a_table_is_written_without_zeros_for_what_was_not_measured(tmp_path):
    table = pd.DataFrame({"a": [1.5, None, float("inf")], "b": ["x", None, "y"]})
    write_table(tmp_path / "table.csv", table)
    assert (tmp_path / "table.csv").read_text(encoding="utf-8") == "a,b\n1.5,x\n,\ninf,y\n"
