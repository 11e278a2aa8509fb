"""A Python object of somebody else's in the report, the worked examples, and what cannot be a target."""

import re
import sys

import pytest
from faulty_service import by_popularity, foreign_service
from mini_scenario import TFIDF, made_run, rows_of, scenario_text, write_scenario
from pages import PAGES

from bench.analysis.stages import stage_lengths_ns
from bench.cli import main
from recsys.data.loading import load_dataset
from recsys.serving.protocols import STAGES

LISTS_ALONE = "[requests]\nhistory = 10\nk = 5\n"
SHORT = """\
[[load]]
kind = "single_stream"
requests = 20
"""

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


@pytest.fixture(scope="module")
def ids():
    return [item.item_id for item in load_dataset("embedded", data_dirs=(), users=120).items[:5]]


def test_the_worked_examples_run_as_they_stand(module, monkeypatch, ids):
    pages = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    [code] = re.findall(r"```python\n(class .*?)```", pages, re.DOTALL)
    theirs, mine = re.findall(r"```toml\n(\[\[arm\]\]\n.*?)```", pages, re.DOTALL)
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
