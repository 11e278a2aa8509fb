"""The gate from the command line, on fakes: what does not depend on the machine's mood is asserted."""

import json
import subprocess
from pathlib import Path

import pytest
from mini_gate import SCENARIO, with_only

from bench.cli import main

ROOT = Path(__file__).parents[2]


@pytest.fixture
def scenario(tmp_path):
    path = tmp_path / "mini_gate.toml"
    path.write_text(SCENARIO)
    return path


@pytest.fixture
def company_ignored(monkeypatch):
    """Tests run beside this one, and would have every comparison contaminated; who judges that has tests of its own."""
    monkeypatch.setattr("bench.experiments.gate.gate.contamination", lambda samples: [])


def gate(scenario, *words):
    told = scenario.parent / "gate.json"
    code = main(["gate", str(scenario), "--json", str(told), *map(str, words)])
    return code, json.loads(told.read_text())


@pytest.mark.alone
@pytest.mark.usefixtures("company_ignored")
def test_twice_the_service_time_is_a_regression_that_a_fresh_start_confirms(scenario, capsys):
    scenario.write_text(with_only("control"))
    code, told = gate(scenario, "--set", "arm.control.encoder.service_ms=8.0")
    assert (code, told["verdict"]) == (1, "REGRESSED")
    found = {(each["arm"], each["metric"]): each for each in told["comparisons"]}
    assert found["control", "p50"]["verdict"] == "REGRESSED"
    assert 1.6 < found["control", "p50"]["ratio"] < 2.2
    assert found["control", "p50"]["remark"].startswith("confirmed")
    assert told["counters"] == []
    assert "REGRESSED" in capsys.readouterr().out


@pytest.mark.verify
def test_a_shorter_service_time_is_an_improvement(scenario):
    code, told = gate(scenario, "--set", "arm.control.encoder.service_ms=1.0", "--markdown", scenario.parent / "g.md")
    found = {(each["arm"], each["metric"]): each["verdict"] for each in told["comparisons"]}
    assert found["control", "p50"] == "IMPROVED"
    assert code in (0, 3)
    page = (scenario.parent / "g.md").read_text()
    assert "Head / base" in page
    assert "--set arm.control.encoder.service_ms=1.0" in page


def test_encoding_twice_is_caught_by_counting_alone(scenario):
    lax = scenario.with_name("lax.toml")
    lax.write_text(with_only("fake").replace("[gate]", "[gate]\np50_ratio = 9.0\np90_ratio = 9.0\ncpu_ratio = 9.0"))
    code, told = gate(lax, "--set", "arm.fake.planted_double_encode=true")
    assert code == 1
    assert not any(each["verdict"] == "REGRESSED" for each in told["comparisons"])
    changed = {each["counter"]: each for each in told["counters"] if each["arm"] == "fake"}
    assert changed["encoder_calls"]["head"] == 2 * changed["encoder_calls"]["base"]
    assert "encoder_calls" in told["sentence"]


@pytest.mark.alone
def test_a_baseline_is_made_once_and_holds_where_it_was_made(scenario, capsys):
    stored = scenario.with_name("baseline.json")
    assert main(["gate", str(scenario), "--save-baseline", str(stored)]) == 0
    content = json.loads(stored.read_text())
    assert list(content["arms"]) == ["fake"]
    assert content["arms"]["fake"]["denominator"] == "control"
    assert len(content["arms"]["fake"]["log_ratios"]["single_stream"]["p50"]) == 3
    code, told = gate(scenario, "--against", stored, "--set", "arm.fake.encoder.service_ms=1.0")
    assert code in (0, 3), "faster is no regression, and nothing needs a second look"
    assert min(each["ratio"] for each in told["comparisons"] if each["metric"] == "p50") < 0.7
    assert told["counters"] == []
    content["environment"]["cpu"]["flags"] = "none of these"
    stored.write_text(json.dumps(content))
    assert main(["gate", str(scenario), "--against", str(stored)]) == 2
    assert "CPU flags" in capsys.readouterr().err


@pytest.mark.verify
def test_a_baseline_of_another_scenario_is_refused(scenario, capsys):
    stored = scenario.with_name("baseline.json")
    assert main(["gate", str(scenario), "--save-baseline", str(stored)]) == 0
    scenario.write_text(SCENARIO.replace("service_ms = 4.0", "service_ms = 5.0", 1))
    assert main(["gate", str(scenario), "--against", str(stored)]) == 2
    assert "another scenario" in capsys.readouterr().err


@pytest.mark.verify
def test_two_revisions_are_checked_out_measured_and_removed(scenario):
    if not (ROOT / ".git").exists():
        pytest.skip("no git checkout")
    code, told = gate(scenario, "--base", "HEAD", "--head", "HEAD")
    assert code in (0, 3)
    assert (told["base"], told["head"]) == ("HEAD", "HEAD")
    assert not any(each["verdict"] == "REGRESSED" for each in told["comparisons"])
    assert told["counters"] == []
    trees = subprocess.run(["git", "worktree", "list"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "gate-" not in trees


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--base", "no-such-revision"], "cannot be checked out"),
        (["--base", "HEAD", "--against", "x.json"], "another comparison"),
        (["--against", "missing.json"], "cannot be read"),
        (["--set", "arm.fake.encoder.kind=nothing"], "nothing"),
    ],
)
def test_what_cannot_be_compared_is_exit_code_2_and_says_why(scenario, words, said, capsys):
    assert main(["gate", str(scenario), *words]) == 2
    assert said in capsys.readouterr().err


def test_an_arm_that_only_head_cannot_build_is_no_regression_and_no_success(scenario):
    pytest.importorskip("redis", reason="the extra redis is not installed")
    gone = "{kind='redis',url='redis://127.0.0.1:1/0',must_answer=true}"
    code, told = gate(scenario, "--set", f"arm.control.cache={gone}")
    assert (code, told["verdict"]) == (4, "FAILED")
    assert list(told["broken"]) == ["control"]
