"""The machine of this test looked at, and arms measured against each other through real worker processes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from interrupted import interrupt_second_block
from mini_scenario import scenario_text, write_scenario

from bench.cli import main
from bench.experiments.equal_arms import measure_equal_arms, twins
from bench.measure.knobs import KNOBS
from bench.scenario_file import read_scenario

SMALL = ["--processes", "2", "--blocks", "4", "--requests", "48"]
ROOT = Path(__file__).parents[2]
FAKE = '[[arm]]\nname = "fake"\nencoder = { kind = "fake", service_ms = SERVICE }\nplacement = "profile"\n'


def scenario_of(folder, service_ms=0.2):
    return write_scenario(folder, scenario_text(arms=FAKE.replace("SERVICE", str(service_ms))))


def test_looking_at_this_machine_loads_no_model_and_no_tables():
    code = (
        "import sys\nfrom bench.cli import main\nassert main(['doctor']) == 0\n"
        "sys.stderr.write('LOADED ' + ' '.join(name for name in sys.modules if sys.modules[name]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = {name.split(".")[0] for name in done.stderr.rpartition("LOADED ")[2].split()}
    assert not loaded & {"torch", "transformers", "onnxruntime", "pandas", "scipy", "sklearn", "matplotlib", "jinja2"}
    assert all(kind in done.stdout for kind in KNOBS.kinds())
    assert f"{len(KNOBS.kinds())} knobs: " in done.stdout


def test_equal_arms_from_the_command_line(tmp_path, capsys):
    file = tmp_path / "doctor.json"
    assert main(["doctor", "--aa", scenario_of(tmp_path), *SMALL, "--json", str(file)]) == 0
    told = capsys.readouterr().out
    found = json.loads(file.read_text(encoding="utf-8"))["equal_arms"]
    assert (found["processes"], found["blocks"], found["load"]) == (2, 4, "single_stream")
    assert 30 <= found["requests"] < 48, "lists, without the feedback between them"
    assert found["p50"]["base_ms"] > 0.2
    assert found["p50"]["ratio_low"] <= found["p50"]["ratio"] <= found["p50"]["ratio_high"]
    assert found["p50"]["resolvable_ratio"] > 1
    assert found["p99"] is None
    assert found["spread"]["processes"] >= 0
    assert "Two equal arms (fake; 2 processes, 4 blocks" in told
    assert "Not resolvable here: a difference of p50 under" in told
    assert list(tmp_path.glob("**/requests.parquet")) == [], "nothing is kept"


def test_unequal_arms_show_their_difference(tmp_path):
    """A planted 4 ms against 2 ms, so that no neighbour hides it."""
    made = twins(read_scenario(scenario_of(tmp_path, 2.0)).scenario, None, 2, 4, 48)
    slower = made.arm[1].encoder.model_copy(update={"service_ms": 4.0})
    arms = (made.arm[0], made.arm[1].model_copy(update={"encoder": slower}))
    found = measure_equal_arms(made.model_copy(update={"arm": arms}), (), lambda message: None)
    assert 1.3 < found.p50.ratio.point < 2.2


def test_an_arm_that_is_not_here_is_said(tmp_path, capsys):
    arms = '[[arm]]\nname = "far"\nencoder = { kind = "transformer", model = "minilm" }\ndevice = "cuda:99"\n'
    path = write_scenario(tmp_path, scenario_text(arms=arms))
    assert main(["doctor", "--aa", path, *SMALL]) == 4
    assert 'asks for "cuda:99"' in capsys.readouterr().err


def test_interrupted_it_keeps_nothing_and_says_so(tmp_path, capsys, monkeypatch):
    interrupt_second_block(monkeypatch)
    assert main(["doctor", "--aa", scenario_of(tmp_path), *SMALL]) == 130
    assert "interrupted; nothing was kept" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--processes", "--blocks", "--requests"])
def test_a_number_that_says_nothing_of_restarts_is_a_usage_error(option, capsys):
    assert main(["doctor", "--aa", option, "1"]) == 2
    assert option in capsys.readouterr().err
