"""Ceilings and shares of this machine, measured on a model small enough for a test."""

import json

from mini_scenario import TFIDF, scenario_text, write_scenario

from bench.cli import main

ARMS = """\
[[arm]]
name = "tiny"
encoder = { kind = "transformer", model = "bert-tiny-uncased", weights = "random" }
placement = "profile"
[[arm]]
name = "again"
encoder = { kind = "transformer", model = "bert-tiny-uncased", weights = "random" }
placement = "offline"
"""


def test_each_encoder_has_its_share_once(tmp_path, capsys):
    scenario = write_scenario(tmp_path, scenario_text(arms=TFIDF + ARMS))
    target = tmp_path / "roofline.json"
    command = ["roofline", scenario, "--texts", "100", "--rounds", "1", "--seconds", "0.2"]
    assert main([*command, "--json", str(target)]) == 0
    found = json.loads(target.read_text())
    assert [arm["arm"] for arm in found["arms"]] == ["tiny"], "its twin in another placement encodes alike"
    (arm,) = found["arms"]
    assert arm["products"] == {"fp32": 12}
    assert arm["ceiling_per_s"] == found["products_per_s"]["fp32"] > 0
    assert arm["share"] == arm["flops_per_s"] / arm["ceiling_per_s"]
    assert 0 < arm["single_share"] < arm["share"] < 1.5, "above 1 only where the machine changed meanwhile"
    assert found["read_bytes_per_s"] > 0
    said = capsys.readouterr().out
    assert "How near the encoders come" in said


def test_without_a_model_there_is_nothing_to_compare(tmp_path, capsys):
    assert main(["roofline", write_scenario(tmp_path, scenario_text(arms=TFIDF))]) == 2
    assert "no arm has a language model" in capsys.readouterr().err
