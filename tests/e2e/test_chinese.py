"""Texts in Chinese from the file to the report: through TF-IDF, and through a model that does not know the language."""

from __future__ import annotations

import json

import pytest
from mini_scenario import HEAD, TFIDF, scenario_text, write_scenario

from bench.analysis.conclude import conclude
from bench.analysis.statements import Verdict
from bench.runner import RunRequest, run_scenario
from bench.scenario_file import read_scenario
from bench.store import load_run

QUERY = "我非常喜欢看电影，特别是科幻电影。"
SCIENCE_FICTION = "这是一部全新的科幻电影，描述了一个未来的世界。"
ITEMS = {
    "future": SCIENCE_FICTION,
    "weather": "今天的天气很好，我们去公园散步。",
    "noodles": "一碗热汤面，牛肉炖得很烂，适合冬天的晚上。",
    "kettle": "不锈钢水壶，三分钟烧开一升水，手柄不烫。",
    "football": "主队在最后一分钟进球，比分变成二比一。",
    "history": "这本书讲述了丝绸之路上的商人和城市。",
}
REQUESTS = '[requests]\nkind = "file"\npath = "asked.csv"\nhistory = 5\nk = 3\n'
DATA = '[data]\nkind = "csv"\npath = "chinese"\n'
LOAD = '[[load]]\nkind = "single_stream"\nrequests = 4\n'
BLOCKS = "[blocks]\ncount = 1\nwarmup_requests = 1\n"
MINILM = """\
[[arm]]
name = "minilm"
encoder = { kind = "transformer", model = "minilm" }
placement = "profile"
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run in which one user asks for lists with the query, over and over."""
    folder = tmp_path_factory.mktemp("chinese")
    data = folder / "data" / "chinese"
    data.mkdir(parents=True)
    items = "".join(f'{item_id},"{text}"\n' for item_id, text in ITEMS.items())
    (data / "items.csv").write_text(f"item_id,title\n{items}", encoding="utf-8")
    met = [item_id for item_id in ITEMS if item_id != "future"]
    events = "".join(f"{1000 + place},u{place % 2},{item_id}\n" for place, item_id in enumerate(met * 2))
    (data / "interactions.csv").write_text(f"timestamp,user_id,item_id\n{events}", encoding="utf-8")
    asked = f'2000,recommend,u0,"{QUERY}",,\n' * 5
    header = "timestamp,request_kind,user_id,query,item_id,event_kind\n"
    (folder / "data" / "asked.csv").write_text(header + asked, encoding="utf-8")
    text = scenario_text(HEAD, DATA, REQUESTS, LOAD, BLOCKS + "[retrieval]\nexclude_seen = false\n", TFIDF + MINILM)
    file = read_scenario(write_scenario(folder, text))
    return run_scenario(RunRequest(file, (folder / "data",), folder / "results"), lambda message: None)


def test_tfidf_finds_the_film_that_the_query_is_about(run):
    requests = load_run(run).requests
    assert set(requests["outcome"]) == {"answered"}
    assert set(requests["arm"]) == {"tfidf", "minilm"}
    firsts = requests[requests["arm"] == "tfidf"]["recommended"].map(lambda items: items[0])
    assert set(firsts) == {"future"}


def test_minilm_answers_and_says_that_it_cannot_read(run):
    arms = {arm["name"]: arm["info"] for arm in json.loads((run / "run.json").read_text(encoding="utf-8"))["arms"]}
    assert arms["minilm"]["unread_share"] > 0.9
    assert arms["tfidf"]["unread_share"] == 0.0


def test_the_run_names_the_arm_that_cannot_read_and_stays_valid_for_it(run):
    found = [finding for finding in conclude(load_run(run)).findings if finding.check == "language"]
    assert [(finding.where, finding.verdict) for finding in found] == [("minilm", Verdict.VALID)]
    assert "does not know the language of 100 % of the texts" in found[0].message
