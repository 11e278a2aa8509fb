"""Somebody else's service: asked by template, its faults each counted under their kind, its report that of any arm."""

import json

import numpy as np
import pandas as pd
import pytest
from faulty_service import by_popularity, foreign_arm, foreign_service, nap, reply
from mini_scenario import made_run, rows_of, scenario_text, write_scenario

from bench.analysis.stages import stage_lengths_ns
from bench.cli import main
from recsys.data.loading import load_dataset

LISTS_ALONE = "[requests]\nhistory = 10\nk = 5\n"
SHORT = """\
[[load]]
kind = "single_stream"
requests = 20
"""


@pytest.fixture(scope="module")
def ids():
    return [item.item_id for item in load_dataset("embedded", data_dirs=(), users=120).items[:5]]


def test_somebody_elses_service_is_asked_by_template_and_judged_alike(tmp_path, monkeypatch, ids):
    monkeypatch.setenv("THEIR_KEY", "s3cret-key")
    with foreign_service(by_popularity(ids)) as theirs:
        arms = foreign_arm(theirs.url, ', headers_from_env = { Authorization = "THEIR_KEY" }')
        run = made_run(tmp_path, scenario_text(requests=LISTS_ALONE, load=SHORT, arms=arms))
        asked = [json.loads(body) for body in theirs.bodies]
        assert all(b"Authorization: s3cret-key" in head for head in theirs.heads)
        assert theirs.connections <= 4, "each carries one request after another"
    users = set(load_dataset("embedded", data_dirs=(), users=120).user_ids)
    assert {each["who"] for each in asked} <= users
    assert {each["count"] for each in asked} == {5}
    assert any(each["history"] for each in asked) and all(len(each["history"]) <= 10 for each in asked)
    rows = rows_of(run, arm="theirs")
    assert [list(found) for found in rows["recommended"]] == [ids] * 20
    lengths = stage_lengths_ns(rows)
    assert (lengths["service"] == rows["observed_ns"] - rows["taken_ns"]).all(), "it does not say more"
    assert rows["tokens"].isna().all()
    summary = pd.read_csv(run / "summary.csv").set_index("arm")
    assert summary.loc["theirs", "recall_at_k"] >= 0 and summary.loc["theirs", "placement"] == "elsewhere"
    assert np.isnan(summary.loc["theirs", "fidelity_at_k"])
    assert all("s3cret-key" not in path.read_text(errors="replace") for path in run.rglob("*") if path.is_file())


TIMEOUT_MS = 300


def late(head, body):
    nap(2 * TIMEOUT_MS / 1000)
    return b""


FAULTS = {
    "Redirected": lambda head, body: reply({}, "302 Found", "Location: /elsewhere"),
    "BadStatus": lambda head, body: reply({}, "500 Oh"),
    "NotHttp": lambda head, body: b"SSH-2.0-OpenSSH\r\n",
    "ConnectionLost": lambda head, body: b"",
    "WrongBody": lambda head, body: reply({"list": []}),
    "WrongAnswer": lambda head, body: reply({"items": [{"id": "no such item"}]}),
    "full": lambda head, body: reply({}, "503 No"),
    "too many": lambda head, body: reply({}, "429 No"),
    "late at the gateway": lambda head, body: reply({}, "504 No"),
    "late": late,
}
FAILED = {"Redirected", "BadStatus", "NotHttp", "ConnectionLost", "WrongBody", "WrongAnswer"}
"""Those counted as failed, under the name of their kind; two are refused and two timed out."""


def test_each_second_answer_is_another_fault_and_is_counted_as_what_it_is(tmp_path, ids):
    asked, faulty = [], list(FAULTS.values())

    def answer(head, body):
        asked.append(body)
        if len(asked) % 2:
            return by_popularity(ids)(head, body)
        return faulty[len(asked) // 2 % len(faulty)](head, body)

    with foreign_service(answer) as theirs:
        arms = foreign_arm(theirs.url, f", timeout_ms = {TIMEOUT_MS}")
        text = scenario_text(requests=LISTS_ALONE, load=SHORT.replace("20", "40"), arms=arms)
        run = made_run(tmp_path, text.replace("warmup_requests = 5", "warmup_requests = 2"))
    outcomes = rows_of(run, arm="theirs")["outcome"].value_counts()
    assert dict(outcomes[outcomes > 0]) == {"answered": 20, "failed": 12, "refused": 4, "timed_out": 4}
    errors = json.loads((run / "run.json").read_text())["arms"][0]["errors"]
    counted = {message.split(":")[0]: count for message, count in errors.items()}
    assert counted == dict.fromkeys(FAILED, 2)


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (', headers_from_env = { Authorization = "NOT_SET" }', "NOT_SET is not set"),
        (', headers = { "Bad Name" = "x" }', "cannot be sent"),
        (", feedback = { url = 'http://127.0.0.1:1/f', body = '{query}' }", "unknown placeholder {query}"),
        (", feedback = { url = 'http://127.0.0.2:1/f' }", "name the same"),
    ],
)
def test_a_template_that_cannot_be_used_is_told_at_once(tmp_path, capsys, extra, said):
    text = scenario_text(requests=LISTS_ALONE, load=SHORT, arms=foreign_arm("http://127.0.0.1:1", extra))
    assert main(["run", write_scenario(tmp_path, text), "--out", str(tmp_path / "results")]) == 2
    assert said in capsys.readouterr().err
