"""Noise reaches every text of an arm and nothing else, and an arm's own [text] goes before the scenario's."""

import pytest
from small_data import make_dataset
from small_recommender import Journal, ask, ingest_of, make_recommender, make_scenario

from bench.clock import VirtualClock
from bench.measure.arm import build_arm
from bench.measure.noise import noisy_trace
from bench.measure.scoring import _references
from bench.scenario import ArmTable, Scenario, TextTable
from bench.traffic.drawn import draw_requests
from recsys.types import Item

SHOUT = {"capitals_per_100_words": 100}


def scenario_of(text, *arms):
    arms = arms or ({},)
    tables = [
        {"name": f"a{place}", "encoder": {"kind": "tfidf"}, "placement": "none"} | arm for place, arm in enumerate(arms)
    ]
    return make_scenario(tables[0], text=text).model_copy(update={"arm": tuple(map(ArmTable.model_validate, tables))})


def trace_of(scenario):
    trace = draw_requests(scenario, make_dataset(), 10)
    object.__setattr__(trace, "queries", {0: "a red kettle"})
    return trace


def test_noise_is_in_items_and_queries_and_nowhere_else():
    scenario = scenario_of({"noise": SHOUT})
    trace = trace_of(scenario)
    met = noisy_trace(scenario, scenario.arm[0], trace)
    assert met.queries == {0: "A RED KETTLE"}
    assert met.requests(0, 1)[0].query == "A RED KETTLE"
    assert [item.title for item in met.dataset.items] == [item.title.upper() for item in trace.dataset.items]
    assert met.dataset.events is trace.dataset.events
    assert met.user is trace.user


def test_an_arm_may_be_spared():
    scenario = scenario_of({"noise": SHOUT}, {}, {"text": {"noise": False}})
    trace = trace_of(scenario)
    assert noisy_trace(scenario, scenario.arm[1], trace) == trace
    again = Scenario.model_validate(scenario.model_dump(mode="json"))
    assert again == scenario, "what run.json keeps is the same scenario"
    assert again.hash == scenario.hash
    assert [again.text_of(arm).planted.capitals_per_100_words for arm in again.arm] == [100, 0]


def test_an_arms_steps_go_before_the_scenarios_one_by_one():
    scenario = scenario_of({"stem": True, "urls": True}, {"text": {"stem": "german", "emoji": "drop"}})
    assert scenario.text_of(scenario.arm[0]).steps == {"stem": "german", "urls": True, "emoji": "drop"}
    assert scenario.text_of(ArmTable(name="other", encoder={"kind": "tfidf"})).steps == {"stem": True, "urls": True}
    assert TextTable().overridden_by(TextTable()) == TextTable()


def test_fidelity_is_judged_on_the_texts_that_the_arm_reads():
    minilm = {"encoder": {"kind": "onnx", "precision": "int8"}, "placement": "profile"}
    arms = [minilm, minilm | {"text": {"noise": False}}, minilm | {"text": {"urls": True}}, minilm]
    scenario = scenario_of({"noise": SHOUT}, *arms)
    judged = [names for _, names in _references({arm.name: arm for arm in scenario.arm})]
    assert judged == [["a0", "a3"], ["a1"], ["a2"]]


@pytest.mark.parametrize(("text", "title"), [({}, "Red KETTLES"), ({"stem": True}, "red kettl")])
def test_catalogue_ingests_and_queries_pass_the_same_steps(text, title):
    dataset = make_dataset()
    items = list(dataset.items)
    items[3] = Item("i3", "<b>Red</b> KETTLES")
    object.__setattr__(dataset, "items", items)
    recommender = make_recommender(dataset, "tfidf", "none", text=text)
    assert recommender.parts.catalogue.titles[3] == title
    items[4] = Item("i4", "<b>Red</b> KETTLES")
    journal = Journal()
    recommender.ingest([ingest_of(4)], journal)
    assert recommender.parts.catalogue.titles[4] == title
    assert journal.marks[0] == ("clean", [0])
    batch = recommender.begin([ask(1)._replace(query="<b>Red</b> KETTLES")], Journal())
    assert batch.profiles[0].query == title


def test_spelling_learns_from_what_is_known_at_t0_alone():
    dataset = make_dataset()
    late = dataset.split_s(0.8)
    items = [
        *dataset.items[:-2],
        Item("late1", "zorblax", published_s=late),
        Item("late2", "zorblax", published_s=late),
    ]
    object.__setattr__(dataset, "items", tuple(items))
    scenario = scenario_of({"spelling": True})
    cleaner = build_arm(scenario, scenario.arm[0], dataset, VirtualClock()).encoded.cleaner
    assert cleaner("kettlle") == "kettle"
    assert cleaner("zorblaxx") == "zorblaxx"
