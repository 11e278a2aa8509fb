"""The verb: what it prints, writes and exits with, on machines that are planted; and which arm it would compare."""

import json

import pytest
from mini_scenario import FAKE, TFIDF, scenario_text, write_scenario
from planted_machine import CPU, plant

from bench.cli import main
from bench.clock import ClockQuality
from bench.errors import ConfigError
from bench.experiments.doctor import examine
from bench.experiments.equal_arms import twins
from bench.measure.knobs import KNOBS
from bench.scenario_file import read_scenario

SERVER = '[[load]]\nkind = "server"\narrivals = { kind = "poisson" }\nrates_per_s = [10, 20]\nrequests = 40\n'
OFFLINE = '[[load]]\nkind = "offline"\nrequests = 20\n'
SWITCHES = {f"{CPU}/intel_pstate/no_turbo": "0", "sys/fs/cgroup/cpu.max": "150000 100000", "proc/self/cgroup": "0::/\n"}
"""Turbo on, and a quota of 1.5 cores for four processors: which four threads oversubscribe, too."""


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Let the verb look at a planted machine."""
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    monkeypatch.setenv("OPENBLAS_THREAD_TIMEOUT", "4")
    monkeypatch.delenv("KMP_BLOCKTIME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "no_tools"))
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    monkeypatch.setattr("bench.measure.knobs.clock.check_clock", lambda: ClockQuality(20, 60.0, True))
    monkeypatch.setattr("bench.measure.knobs.kernel_files.nap", lambda seconds: None)

    def planted(changes=None):
        root = plant(tmp_path / "root", changes)
        monkeypatch.setattr("bench.experiments.doctor.examine", lambda: examine(root))
        return root

    return planted


def test_the_worst_knobs_stand_first_with_the_commands_that_turn_them(machine, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    machine(SWITCHES)
    assert main(["doctor"]) == 0
    told = capsys.readouterr().out
    places = [told.index(word) for word in ("quota ", "threads ", "turbo ", "affinity ")]
    assert places == sorted(places)
    assert f"turbo: echo 1 | sudo tee /{CPU}/intel_pstate/no_turbo  (back: echo 0" in told
    knobs = len(KNOBS.kinds())
    summary = f"{knobs} knobs: 2 BAD (quota, threads), 1 IMPROVABLE (turbo), {knobs - 3} GOOD."
    assert told.strip().splitlines()[-1] == summary
    assert "UNKNOWN" not in told


def test_what_it_writes_is_all_of_it(machine, tmp_path, capsys):
    machine(SWITCHES | {"proc/self/timerslack_ns": None})
    file = tmp_path / "doctor.json"
    assert main(["doctor", "--json", str(file)]) == 0
    written = json.loads(file.read_text(encoding="utf-8"))
    assert set(written) == {"knobs", "environment"}
    knobs = {entry["knob"]: entry for entry in written["knobs"]}
    assert sorted(knobs) == list(KNOBS.kinds())
    assert knobs["turbo"] == {
        "knob": "turbo",
        "meaning": KNOBS.entry("turbo").summary,
        "state": "on",
        "verdict": "IMPROVABLE",
        "advice": KNOBS.get("turbo").inspect(tmp_path / "root").advice,
    }
    assert knobs["timer_slack"]["verdict"] == "UNKNOWN"
    assert {"machine", "cpu", "memory", "gpu", "python", "libraries", "threads", "clock"} <= set(written["environment"])
    assert "UNKNOWN: not told here" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(("changes", "code"), [({}, 0), (SWITCHES, 3), ({f"{CPU}/smt/control": None}, 0)])
def test_strict_refuses_a_machine_with_a_bad_knob(machine, changes, code):
    machine(changes)
    assert main(["doctor"]) == 0
    assert main(["doctor", "--strict"]) == code


@pytest.mark.parametrize("words", [["quickstart"], ["--arm", "tfidf"], ["--set", "seed=3"]])
def test_what_only_equal_arms_use_is_refused_without_them(machine, capsys, words):
    machine()
    assert main(["doctor", *words]) == 2
    assert "add --aa" in capsys.readouterr().err


@pytest.mark.parametrize("name", [".", "none/doctor.json"])
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_looked_at(tmp_path, capsys, monkeypatch, name):
    monkeypatch.setattr("bench.experiments.doctor.examine", lambda: pytest.fail("looked at"))
    assert main(["doctor", "--json", str(tmp_path / name)]) == 2
    assert "no file can be written there" in capsys.readouterr().err


def scenario(tmp_path, **tables):
    return read_scenario(write_scenario(tmp_path, scenario_text(**tables))).scenario


def test_twins_are_one_arm_under_two_names_on_the_first_load_with_latencies(tmp_path):
    asked = scenario(tmp_path, load=OFFLINE + SERVER, arms=FAKE + TFIDF)
    made = twins(asked, None, 3, 6, 60)
    assert [arm.name for arm in made.arm] == ["a", "b"]
    assert {arm.encoder.kind for arm in made.arm} == {"tfidf"}, "the baseline"
    assert {arm.role for arm in made.arm} == {""}
    assert (made.blocks.processes, made.blocks.count, made.load[0].requests) == (3, 6, 60)
    assert [point.title for point in made.load_points()] == ["server 10/s"]
    assert made.requests == asked.requests
    assert {arm.encoder.kind for arm in twins(asked, "fake", 3, 6, 60).arm} == {"fake"}
    assert {arm.encoder.kind for arm in twins(scenario(tmp_path), None, 3, 6, 60).arm} == {"fake"}, "the only one"


def test_twins_that_nothing_could_be_learnt_from_are_refused(tmp_path):
    two = FAKE + FAKE.replace('"fake"', '"fake-2"', 1)
    with pytest.raises(ConfigError, match="no baseline. Known arms: fake, fake-2"):
        twins(scenario(tmp_path, arms=two), None, 3, 6, 60)
    with pytest.raises(ConfigError, match='unknown arm "fak" \\(did you mean "fake"'):
        twins(scenario(tmp_path), "fak", 3, 6, 60)
    with pytest.raises(ConfigError, match="--blocks 6"):
        twins(scenario(tmp_path), None, 3, 5, 60)
    with pytest.raises(ConfigError, match="no load has latencies"):
        twins(scenario(tmp_path, load=OFFLINE), None, 3, 6, 60)
