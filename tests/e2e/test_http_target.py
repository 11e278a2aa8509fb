"""One arm in process and over the wire, and systems of others', from the same trace in one report."""

import csv
import json
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from faulty_service import foreign_service, reply
from mini_scenario import BLOCKS, TFIDF, made_run, scenario_text, write_scenario

from bench.analysis.stages import stage_lengths_ns
from bench.cli import main
from recsys.data.loading import load_dataset
from recsys.serving.protocols import STAGES

LOADS = """\
[[load]]
kind = "single_stream"
requests = 60
[[load]]
kind = "server"
arrivals = { kind = "poisson" }
rates_per_s = [100]
requests = 80
[[load]]
kind = "closed"
clients = 4
requests = 40
[[load]]
kind = "offline"
requests = 40
"""
REQUESTS = """\
[requests]
history = 10
k = 10
feedback_share = 0.1
ingest_share = 0.05
"""
OVER_HTTP = """\
[[arm]]
name = "over-http"
encoder = { kind = "tfidf" }
placement = "none"
target = { kind = "http", serve = true }
"""
LISTS_ALONE = "[requests]\nhistory = 10\nk = 5\n"
SHORT = """\
[[load]]
kind = "single_stream"
requests = 20
"""


def rows_of(run, **wanted):
    rows = pd.read_parquet(run / "requests.parquet")
    for column, value in wanted.items():
        rows = rows[rows[column] == value]
    return rows


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    text = scenario_text(requests=REQUESTS, load=LOADS, blocks=BLOCKS, arms=TFIDF + OVER_HTTP)
    return made_run(tmp_path_factory.mktemp("both"), text)


def test_the_same_arm_gives_the_same_lists_over_the_wire(both):
    here, there = (rows_of(both, arm=arm, load="single_stream") for arm in ("tfidf", "over-http"))
    assert len(here) == len(there) == 60
    assert (there["outcome"] == "answered").all()
    for mine, theirs in zip(here["recommended"], there["recommended"], strict=True):
        assert list(mine) == list(theirs)
    assert there["recall_at_k"].to_numpy() == pytest.approx(here["recall_at_k"].to_numpy(), nan_ok=True)


def test_everything_is_answered_under_every_load(both):
    there = rows_of(both, arm="over-http")
    assert set(there["load"]) == {"single_stream", "server", "closed", "offline"}
    assert (there["outcome"] == "answered").all()
    run = json.loads((both / "run.json").read_text())
    assert run["arms"][1]["errors"] == {}
    assert all(block["waited_for_connection"] == 0 for block in run["blocks"]
               if block["arm"] == "over-http" and block["load"] == "server")  # fmt: skip


def test_stages_add_up_exactly_with_network_and_serialisation_among_them(both):
    there = rows_of(both, arm="over-http", request_kind="recommend")
    lengths = stage_lengths_ns(there)
    assert (lengths.sum(axis=1) == there["observed_ns"] - there["intended_ns"]).all()
    assert (lengths.to_numpy() >= 0).all()
    for stage in ("network", "serialise", "clean", "encode", "retrieve"):
        assert (lengths[stage] > 0).all(), stage
    assert (lengths["service"] == 0).all()
    here = stage_lengths_ns(rows_of(both, arm="tfidf", request_kind="recommend"))
    assert (here[["network", "serialise", "service"]] == 0).all(axis=None)
    ingests = stage_lengths_ns(rows_of(both, arm="over-http", request_kind="ingest"))
    assert len(ingests) and (ingests["index"] > 0).all()


def test_both_arms_stand_in_one_report_and_costs_are_the_services(both):
    with (both / "summary.csv").open() as file:
        rows = {(row["arm"], row["load"]): row for row in csv.DictReader(file) if row["request_kind"] == "recommend"}
    there = rows["over-http", "single_stream"]
    assert float(there["overlap_at_k"]) == 1.0
    assert float(there["rss_peak_mb"]) > 50, "the service's, not the client's alone"
    assert float(there["lateness_p50_us"]) > 0
    assert there["padded_tokens_per_request"] == "", "not told, so not 0"
    assert "over-http" in (both / "report.md").read_text()


def by_popularity(ids):
    def answer(head, body):
        return reply({"items": [{"id": item_id, "why": "popular"} for item_id in ids]}, "200 OK", "X-Any: thing")

    return answer


@pytest.fixture(scope="module")
def ids():
    return [item.item_id for item in load_dataset("embedded", data_dirs=(), users=120).items[:5]]


def foreign_arm(url, extra="", body='{"who": "{user}", "count": {k}, "history": {history}}'):
    return f"""
[[arm]]
name = "theirs"
target = {{ kind = "http", url = "{url}/rec", body = '{body}', ids = "items[*].id", connections = 4{extra} }}
"""


def test_somebody_elses_service_is_asked_by_template_and_judged_alike(tmp_path, monkeypatch, ids):
    monkeypatch.setenv("THEIR_KEY", "s3cret-key")
    with foreign_service(by_popularity(ids)) as theirs:
        arms = TFIDF + foreign_arm(theirs.url, ', headers_from_env = { Authorization = "THEIR_KEY" }')
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


FAULTS = {
    "Redirected": lambda head, body: reply({}, "302 Found", "Location: /elsewhere"),
    "BadStatus": lambda head, body: reply({}, "500 Oh"),
    "NotHttp": lambda head, body: b"SSH-2.0-OpenSSH\r\n",
    "ConnectionLost": lambda head, body: b"",
    "WrongBody": lambda head, body: reply({"list": []}),
    "WrongAnswer": lambda head, body: reply({"items": [{"id": "no such item"}]}),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_of_every_second_answer_is_a_failure_with_its_kind(tmp_path, kind, ids):
    asked = []

    def answer(head, body):
        asked.append(body)
        return FAULTS[kind](head, body) if len(asked) % 2 else by_popularity(ids)(head, body)

    with foreign_service(answer) as theirs:
        text = scenario_text(requests=LISTS_ALONE, load=SHORT, arms=foreign_arm(theirs.url))
        run = made_run(tmp_path, text.replace("warmup_requests = 5", "warmup_requests = 2"))
    outcomes = rows_of(run, arm="theirs")["outcome"].value_counts()
    assert outcomes["answered"] == outcomes["failed"] == 10
    errors = json.loads((run / "run.json").read_text())["arms"][0]["errors"]
    assert [message.split(":")[0] for message in errors] == [kind]


@pytest.mark.parametrize(("status", "outcome"), [("503 No", "refused"), ("429 No", "refused"), ("504 No", "timed_out")])
def test_refusals_and_late_answers_are_counted_as_such(tmp_path, status, outcome, ids):
    asked = []

    def answer(head, body):
        asked.append(body)
        return reply({}, status) if len(asked) % 4 == 0 else by_popularity(ids)(head, body)

    with foreign_service(answer) as theirs:
        run = made_run(tmp_path, scenario_text(requests=LISTS_ALONE, load=SHORT, arms=foreign_arm(theirs.url)))
    rows = rows_of(run, arm="theirs")
    assert set(rows["outcome"]) == {"answered", outcome}


def test_an_answer_over_the_limit_is_timed_out(tmp_path, ids):
    from faulty_service import nap

    asked = []

    def answer(head, body):
        asked.append(body)
        if len(asked) == 15:  # past the warm-up
            nap(0.6)
        return by_popularity(ids)(head, body)

    with foreign_service(answer) as theirs:
        arms = foreign_arm(theirs.url, ", timeout_ms = 300")
        run = made_run(tmp_path, scenario_text(requests=LISTS_ALONE, load=SHORT, arms=arms))
    assert (rows_of(run, arm="theirs")["outcome"] == "timed_out").sum() == 1


MODULE = """
class Popular:
    def __init__(self, shift=0):
        self.shift = shift

    def start(self, items, user_ids):
        self.ids = [item.item_id for item in items]

    def recommend(self, requests):
        self.last = requests
        return [[i for i in self.ids if i not in request.history][: request.k] for request in requests]

    def feed_back(self, user, item, event, timestamp):
        assert event in ("click", "browse", "purchase", "rating", "dislike") and isinstance(timestamp, int)


class Bare:
    def recommend(self, requests):
        return [[] for _ in requests]
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "their_module.py").write_text(MODULE)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{':'.join(sys.path)}")
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_a_python_object_stands_in_the_same_report(module):
    arm = """
[[arm]]
name = "mine"
target = { kind = "python", object = "their_module:Popular", options = { shift = 1 }, max_requests = 4 }
"""
    requests = LISTS_ALONE + "feedback_share = 0.2\n"
    run = made_run(module, scenario_text(requests=requests, load=SHORT, arms=TFIDF + arm))
    rows = rows_of(run, arm="mine")
    assert (rows["outcome"] == "answered").all()
    lists = rows[rows["request_kind"] == "recommend"]
    assert (lists["recommended"].map(len) == 5).all() and lists["recall_at_k"].notna().any()
    lengths = stage_lengths_ns(lists)
    others = [stage for stage in STAGES if stage not in ("service", "respond")]
    assert (lengths["service"] > 0).all() and (lengths[others] == 0).all(axis=None)


def test_the_readmes_worked_examples_run_as_they_stand(module, monkeypatch, ids):
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    [code] = re.findall(r"```python\n(class .*?)```", readme, re.DOTALL)
    theirs, mine = re.findall(r"```toml\n(\[\[arm\]\]\n.*?)```", readme, re.DOTALL)
    (module / "newest.py").write_text(code)
    monkeypatch.setenv("RANK_KEY", "s3cret-key")
    with foreign_service(by_popularity(ids)) as service:
        arms = theirs.replace("http://127.0.0.1:9000", service.url) + mine
        run = made_run(module, scenario_text(requests=LISTS_ALONE, load=SHORT, arms=arms))
    assert (rows_of(run)["outcome"] == "answered").all()
    assert all((rows_of(run, arm=arm)["recommended"].map(len) == 5).all() for arm in ("theirs", "mine"))


@pytest.mark.parametrize(
    ("arm", "said"),
    [
        ('target = { kind = "python", object = "their_module:Bare" }', "takes no feedback"),
        ('target = { kind = "python", object = "their_module:Nothing" }', "no attribute"),
        ('target = { kind = "python", object = "no_such_module:X" }', "No module"),
        ('target = { kind = "python", object = "nonsense" }', "package.module:Class"),
        ('target = { kind = "http", url = "http://127.0.0.1:1", ids = "a", body = "{nobody}" }', "takes no feedback"),
        ('target = { kind = "http", url = "http://127.0.0.1:1" }', "encoder is missing"),
        ('target = { kind = "http" }', "either url"),
        ('target = { kind = "https" }', "did you mean"),
        ('target = { kind = "http", serve = true, ids = "a" }', "no ids"),
        ('encoder = { kind = "fake" }\ntarget = { kind = "http", url = "http://a", ids = "a" }', "remove encoder"),
        ('encoder = { kind = "fake" }\ntarget = { kind = "http", url = "http://u:p@a" }', "with a password"),
        ('encoder = { kind = "fake" }\ntarget = { kind = "http", url = "http://127.0.0.1:1" }', "see that it serves"),
        ('label = "x"', "encoder is missing"),
    ],
)
def test_what_cannot_be_a_target_is_told_at_once(module, capsys, arm, said):
    text = scenario_text(load=SHORT, arms=f'[[arm]]\nname = "mine"\n{arm}\n')
    assert main(["run", write_scenario(module, text), "--out", str(module / "results")]) == 2
    assert said in capsys.readouterr().err


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
