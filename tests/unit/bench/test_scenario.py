"""The scenario's models: defaults, names, load points and the hash."""

import pytest
from mini_scenario import scenario_text, write_scenario
from pydantic import ValidationError

from bench.scenario import Scenario
from bench.scenario_file import Overrides, read_scenario, shipped_scenarios

ARM = {"name": "a", "encoder": {"kind": "tfidf"}, "placement": "none"}
PLAIN = {
    "name": "plain",
    "question": "?",
    "data": {"kind": "embedded"},
    "load": [{"kind": "offline", "requests": 10}],
    "arm": [ARM],
}


def made(**changes):
    return Scenario.model_validate(PLAIN | changes)


def test_the_hash_covers_every_value_and_no_spelling():
    spelled = [made(), made(seed=7), made(requests={"k": 10, "history": 50})]
    assert len({scenario.hash for scenario in spelled}) == 1
    others = [made(seed=8), made(requests={"k": 11}), made(slo={"p99_ms": 50}), made(arm=[ARM | {"threads": 1}])]
    assert len({made().hash, *(scenario.hash for scenario in others)}) == 5


def test_a_scenario_is_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        made().seed = 9


def test_load_points_are_named_and_in_order():
    server = {"kind": "server", "requests": 5, "arrivals": {"kind": "poisson"}, "rates_per_s": [10, 20.5]}
    loads = [{"kind": "single_stream", "requests": 5}, server, server | {"name": "late"}]
    points = made(load=loads).load_points()
    assert [point.title for point in points] == [
        "single_stream", "server-1 10/s", "server-1 20.5/s", "late 10/s", "late 20.5/s",
    ]  # fmt: skip
    assert [point.offered_per_s for point in points] == [None, 10.0, 20.5, 10.0, 20.5]


def test_candidates_are_at_least_the_list():
    assert made(requests={"k": 30}, retrieval={"candidates": 20}).retrieval_options.candidates == 30


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"arm": [ARM, ARM]}, "arm name used twice: a"),
        ({"load": [{"kind": "offline", "requests": 1, "name": "x"}] * 2}, "load name used twice: x"),
        (
            {"arm": [ARM | {"role": "baseline"}, ARM | {"name": "b", "role": "baseline"}]},
            'role "baseline" is held by a, b',
        ),
        ({"arm": [ARM | {"name": "A b"}]}, "use label for free text"),
        ({"name": "no/path"}, "must match"),
        ({"blocks": {"count": 2, "processes": 3}}, r"processes \(3\) must not exceed count \(2\)"),
        ({"arm": [ARM | {"planted_sleep_ms": {"tea": 5}}]}, 'unknown stage "tea"'),
        ({"load": []}, "at least 1"),
    ],
)
def test_contradictions_are_refused_by_name(changes, said):
    with pytest.raises(ValidationError, match=said):
        made(**changes)


@pytest.mark.parametrize("name", sorted(shipped_scenarios()))
def test_every_shipped_scenario_is_sound_and_asks_a_question(name):
    file = read_scenario(name)
    assert file.scenario.name == name
    assert file.scenario.question.endswith("?")
    roles = [arm.role for arm in file.scenario.arm]
    assert roles.count("baseline") == 1
    assert roles.count("reference") == (0 if file.scenario.gate else 1), (
        "a gate asks what changed, not what a model costs"
    )


def test_a_value_is_overridden_by_its_path(tmp_path):
    path = write_scenario(tmp_path, scenario_text())
    values = (
        "requests.k=7",
        "arm.fake.device=cuda",
        "load.0.requests=9",
        "load.single_stream.name=quick",
        "slo.p99_ms=3.5",
    )
    file = read_scenario(path, Overrides(values=values))
    assert file.scenario.requests.k == 7
    assert file.scenario.arm[0].device == "cuda"
    assert (file.scenario.load[0].requests, file.scenario.load[0].name) == (9, "quick")
    assert file.scenario.slo.p99_ms == 3.5
    assert file.overrides == tuple(f"--set {value}" for value in values)
    assert file.text == scenario_text(), "the file's own text is kept as it is"


def test_an_arm_without_re_ranking_has_the_hash_that_it_had_before_there_was_any():
    reranking = {"kind": "late_interaction", "candidates": 30}
    assert "reranking" not in made().model_dump_json()
    assert made(arm=[ARM | {"reranking": None}]).hash == made().hash
    changed = made(arm=[ARM | {"reranking": reranking}])
    assert changed.hash != made().hash
    assert Scenario.model_validate(changed.model_dump(mode="json")) == changed
