"""A soak of a recommender that keeps everything: the leak is found, and a sound one beside it is not accused."""

import json
import re
import textwrap

import pytest
from mini_scenario import scenario_text, write_scenario

from bench.cli import main

pytestmark = [pytest.mark.pictures, pytest.mark.alone]
LEAKY = """
class Leaky:
    def __init__(self, leaks):
        self.leaks, self.kept = leaks, []

    def start(self, items, user_ids):
        self.answer = [item.item_id for item in items]

    def recommend(self, requests):
        if self.leaks:
            self.kept.append((bytearray(b"x" * 400_000), open(__file__)))
        return [self.answer[: asked.k] for asked in requests]
"""
ARMS = """
[[arm]]
name = "leaky"
target = { kind = "python", object = "leaky_module:Leaky", options = { leaks = true } }

[[arm]]
name = "sound"
target = { kind = "python", object = "leaky_module:Leaky", options = { leaks = false } }
"""
LOAD = """
[[load]]
kind = "single_stream"
requests = 20

[[load]]
kind = "server"
arrivals = { kind = "constant" }
rates_per_s = [400.0, 100.0]
requests = 20
"""


@pytest.fixture(scope="module")
def soak(tmp_path_factory):
    """The folder of a soak of eight seconds."""
    folder = tmp_path_factory.mktemp("soak")
    (folder / "leaky_module.py").write_text(textwrap.dedent(LEAKY), encoding="utf-8")
    scenario = write_scenario(folder, scenario_text(requests="", load=LOAD, arms=ARMS))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        assert main(["run", str(scenario), "--duration", "8s", "--out", str(folder / "runs")]) == 0
    return next((folder / "runs").glob("*_mini_*"))


def growth(soak):
    lines = (soak / "soak.csv").read_text(encoding="utf-8").splitlines()
    names = lines[0].split(",")
    rows = [dict(zip(names, line.split(","), strict=True)) for line in lines[1:]]
    return {(row["arm"], row["quantity"]): row["growth"] for row in rows}


def test_the_leak_is_found_and_the_sound_arm_is_not_accused(soak):
    found = growth(soak)
    assert found["leaky", "Memory"] == found["leaky", "Open files"] == "grows"
    assert found["leaky", "Threads"] == "steady"
    assert not {quantity for (arm, quantity), said in found.items() if (arm, said) == ("sound", "grows")} - {
        "Response time p50",
        "Response time p90",
    }


def test_the_page_the_summary_and_the_findings_say_so(soak):
    run = json.loads((soak / "run.json").read_text(encoding="utf-8"))
    assert run["scenario"]["soak_s"] == 8
    assert {finding["where"] for finding in run["findings"] if finding["check"] == "growth"} >= {"leaky"}
    served_s = [sum(block["wall_s"] for block in run["blocks"] if block["arm"] == arm) for arm in ("leaky", "sound")]
    for page in ("report.md", "report.html"):
        text = (soak / page).read_text("utf-8")
        said = re.search(r"Soak of ([\d.]+)(?: s to ([\d.]+))? s an arm: leaky\b[^;]* grew", text)
        lengths_s = [float(length) for length in said.groups() if length]
        assert (lengths_s[0], lengths_s[-1]) == pytest.approx((min(served_s), max(served_s)), abs=0.01)
    assert (soak / "figures" / "soak.png").stat().st_size > 10_000


def test_it_held_the_lowest_rate_in_one_process_and_scored_nothing(soak):
    run = json.loads((soak / "run.json").read_text(encoding="utf-8"))
    assert {block["offered_per_s"] for block in run["blocks"]} == {100.0}
    assert {block["process"] for block in run["blocks"]} == {0}
    assert all(block["answered"] == block["requests"] for block in run["blocks"])


def test_a_duration_that_is_none_is_a_mistake_in_the_command(soak, capsys):
    assert main(["run", "quickstart", "--duration", "soon"]) == 2
    assert "no duration" in capsys.readouterr().err
