"""`explain` on a real run: the rebuilt list is the stored one for every ranking; what cannot be told is refused."""

import json
import shutil

import pyarrow.parquet as pq
import pytest
from mini_scenario import BLOCKS, made_run

from bench.cli import main

TEXT = f"""\
name = "why"
question = "Why this one?"

[data]
kind = "embedded"
users = 120

[requests]
history = 10
k = 5
feedback_share = 0.3
ingest_share = 0.1
queries = {{ share = 0.3 }}

[[load]]
kind = "single_stream"
requests = 40

{BLOCKS}
[[arm]]
name = "tfidf"
role = "baseline"
encoder = {{ kind = "tfidf" }}
placement = "none"
ranking = {{ kind = "similarity", category = 0.05 }}

[[arm]]
name = "noisy"
encoder = {{ kind = "hashing" }}
placement = "none"
ranking = {{ kind = "hybrid", weight = 0.3, counts = "live" }}
text = {{ noise = {{ typos_per_100_words = 20.0, where = ["items", "queries"] }} }}

[[arm]]
name = "learning"
encoder = {{ kind = "fake" }}
placement = "offline"
ranking = {{ kind = "blocks", importance = {{ text = 0.0, category = 1.0 }}, learn = {{ rate = 0.9, scope = "all" }} }}

[[arm]]
name = "cached"
role = "reference"
encoder = {{ kind = "fake" }}
placement = "items"
serving = {{ kind = "microbatch" }}
cache = {{ capacity_mb = 4 }}

[[arm]]
name = "absent"
encoder = {{ kind = "bilstm" }}
device = "cuda:7"
placement = "profile"
"""
ARMS = ("tfidf", "noisy", "learning", "cached")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return made_run(tmp_path_factory.mktemp("why"), TEXT)


@pytest.fixture(scope="module")
def rows(run):
    """Row of the trace and arm → what was asked and answered."""
    table = pq.read_table(run / "requests.parquet").to_pylist()
    return {(row["row"], row["arm"]): row for row in table}


def last_list(rows):
    """The last request for a list: most has happened before it."""
    return max(row for (row, _), each in rows.items() if each["request_kind"] == "recommend")


def explained(run, capsys, row, *words):
    assert main(["explain", str(run), "--request", str(row), "--json", *words]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("arm", ARMS)
def test_the_list_is_the_stored_one_and_each_score_is_the_sum_of_its_parts(run, rows, capsys, arm):
    row = last_list(rows)
    told = explained(run, capsys, row, "--arm", arm)
    assert [item["item_id"] for item in told["explanation"]["items"]] == rows[row, arm]["recommended"]
    assert (told["arm"], told["row"], told["user"]) == (arm, row, rows[row, arm]["user"])
    for item in told["explanation"]["items"]:
        assert sum(part["weight"] * part["value"] for part in item["parts"]) == pytest.approx(item["score"], abs=1e-4)
        assert [part["share"] for part in item["parts"]] == [part["weight"] * part["value"] for part in item["parts"]]
        similarities = [near["similarity"] for near in item["nearest"]]
        assert similarities == sorted(similarities, reverse=True)
    history = told["explanation"]["history"]
    assert sum(event["weight"] for event in history) == pytest.approx(1)
    assert {event["kind"] for event in history} <= {"browse", "click", "purchase"}


def test_a_ranker_that_learns_is_brought_to_what_it_knew_then(run, rows, capsys):
    """Its weights have moved with the feedback before the request; without that the lists would differ."""
    told = explained(run, capsys, last_list(rows), "--arm", "learning")
    weights = {part["name"]: part["weight"] for part in told["explanation"]["items"][0]["parts"]}
    assert weights["text"] != pytest.approx(1.0, abs=1e-4)


def test_without_an_arm_it_is_the_reference_and_people_can_read_it(run, rows, capsys):
    row = last_list(rows)
    assert main(["explain", str(run), "--request", str(row)]) == 0
    shown = capsys.readouterr().out
    assert f"request {row} of {run.name} (single_stream), cached" in shown
    assert "What each score is made of" in shown
    assert "The events that lie nearest" in shown


def test_a_query_is_told(run, rows, capsys):
    for row in sorted({row for (row, _), each in rows.items() if each["request_kind"] == "recommend"}):
        told = explained(run, capsys, row, "--arm", "tfidf")
        if told["explanation"]["query"]:
            assert 3 <= len(told["explanation"]["query"].split()) <= 8
            return
    pytest.fail("three in ten requests have one")


def refused(capsys, *words):
    assert main(["explain", *map(str, words)]) == 2
    return " ".join(capsys.readouterr().err.split())


def test_what_holds_no_list_is_refused_with_a_request_that_does(run, rows, capsys):
    kinds = {each["request_kind"]: row for (row, _), each in rows.items()}
    for kind in ("feedback", "ingest"):
        said = refused(capsys, run, "--request", kinds[kind])
        assert f"request {kinds[kind]} is {kind}, which recommends nothing" in said
        assert rows[int(said.rsplit(" ", 1)[1]), "tfidf"]["request_kind"] == "recommend"


def test_a_request_out_of_range_is_refused_with_the_range(run, rows, capsys):
    first, last = min(rows)[0], max(rows)[0]
    for row in (first - 1, last + 1):
        assert f"it has {first} to {last}" in refused(capsys, run, "--request", row)


def test_an_arm_that_is_unknown_or_was_not_measured_is_refused(run, rows, capsys):
    row = last_list(rows)
    assert 'did you mean "tfidf"' in refused(capsys, run, "--request", row, "--arm", "tfid")
    said = refused(capsys, run, "--request", row, "--arm", "absent")
    assert 'arm "absent" was skipped' in said
    assert "Measured: tfidf, noisy, learning, cached" in said


def test_an_unknown_run_is_refused(tmp_path, capsys):
    assert "no run.json there" in refused(capsys, tmp_path / "none", "--request", 7)


@pytest.fixture
def copied(run, tmp_path):
    """The run in a folder of its own, to be tampered with."""
    shutil.copytree(run, tmp_path / "run")
    return tmp_path / "run"


def rewritten(folder, **changes):
    told = json.loads((folder / "run.json").read_text(encoding="utf-8")) | changes
    (folder / "run.json").write_text(json.dumps(told), encoding="utf-8")
    return folder


def test_other_data_than_the_runs_are_refused(copied, rows, capsys):
    told = json.loads((copied / "run.json").read_text(encoding="utf-8"))
    rewritten(copied, data=told["data"] | {"sha256": "0" * 64})
    assert "but the run" in refused(capsys, copied, "--request", last_list(rows))


def test_other_requests_than_the_runs_are_refused(copied, rows, capsys):
    rewritten(copied, trace_sha256="0" * 64)
    assert "drawn otherwise by now" in refused(capsys, copied, "--request", last_list(rows))


def test_an_arm_that_cannot_be_built_here_is_told_by_its_library_or_device(copied, rows, capsys):
    told = json.loads((copied / "run.json").read_text(encoding="utf-8"))
    for arm in told["scenario"]["arm"]:
        arm["device"] = "cuda:9"
    rewritten(copied, scenario=told["scenario"])
    assert "cuda" in refused(capsys, copied, "--request", last_list(rows), "--arm", "cached")


def test_a_list_that_is_not_the_stored_one_is_said_with_what_differs(copied, rows, capsys):
    row = last_list(rows)
    table = pq.read_table(copied / "requests.parquet")
    lists = table["recommended"].to_pylist()
    places = [each == (row, "tfidf") for each in zip(table["row"].to_pylist(), table["arm"].to_pylist(), strict=True)]
    mine = places.index(True)
    right = list(lists[mine])
    lists[mine] = [*right[:2], "planted", *right[3:]]
    field = table.schema.field("recommended")
    column = table.schema.get_field_index("recommended")
    pq.write_table(table.set_column(column, field, [lists]), copied / "requests.parquet")
    said = refused(capsys, copied, "--request", row, "--arm", "tfidf")
    assert "is not the stored one from place 3 on: stored planted," in said
    assert f"rebuilt {right[2]}," in said
