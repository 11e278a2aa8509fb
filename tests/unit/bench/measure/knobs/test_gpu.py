"""GPUs as nvidia-smi would tell of them: a stand-in on PATH answers the two questions that are asked."""

import pytest
from planted_machine import plant

from bench.measure.environment import describe_environment
from bench.measure.knobs import KNOBS

STAND_IN = """#!/bin/sh
case "$1" in
  --query-gpu=*) {gpus} ;;
  --query-compute-apps=*) {processes} ;;
esac
"""
GPU = "NVIDIA H100 80GB HBM3, 550.54, 81559 MiB, {persistence}, {mig}, {clock} MHz, 1980 MHz, {use} %"


@pytest.fixture
def told(monkeypatch, tmp_path):
    """Let nvidia-smi answer with a line a GPU and a process id a line."""

    def answer(*gpus, processes=()):
        folder = tmp_path / "bin"
        folder.mkdir()
        lines = ["; ".join(f"echo '{line}'" for line in group) or ":" for group in (gpus, processes)]
        tool = folder / "nvidia-smi"
        tool.write_text(STAND_IN.format(gpus=lines[0], processes=lines[1]), encoding="utf-8")
        tool.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        return plant(tmp_path / "root")

    return answer


def gpu(persistence="Enabled", mig="Disabled", clock=1980, use=0):
    return GPU.format(persistence=persistence, mig=mig, clock=clock, use=use)


@pytest.mark.parametrize(
    ("line", "verdict", "state", "advice"),
    [
        (gpu(), "GOOD", "NVIDIA H100 80GB HBM3", ""),
        (gpu(mig="[N/A]"), "GOOD", "H100", ""),
        (gpu(persistence="Disabled"), "IMPROVABLE", "persistence mode off", "-pm 1  (back: sudo nvidia-smi -pm 0)"),
        (gpu(mig="Enabled"), "IMPROVABLE", "split by MIG", "(back: sudo nvidia-smi -mig 1)"),
        (gpu(clock=345), "IMPROVABLE", "clock falls at rest", "-lgc 1980  (back: sudo nvidia-smi -rgc)"),
        (gpu(clock=345, use=40), "GOOD", "H100", ""),
    ],
    ids=["well", "no MIG", "persistence", "MIG", "idle clock", "busy says nothing of the idle clock"],
)
def test_its_settings(told, line, verdict, state, advice):
    report = KNOBS.get("gpu").inspect(told(line))
    assert report.verdict == verdict
    assert state in report.state
    assert advice in report.advice


def test_others_on_it_are_bad_and_hide_its_idle_clock(told):
    report = KNOBS.get("gpu").inspect(told(gpu(clock=345), processes=("4711", "4712")))
    assert report.verdict == "BAD"
    assert "2 other processes compute on it" in report.state
    assert "-lgc" not in report.advice


def test_without_one_that_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    report = KNOBS.get("gpu").inspect(plant(tmp_path))
    assert (report.state, report.verdict) == ("no NVIDIA GPU", "GOOD")
    report = KNOBS.get("gpu").inspect(plant(tmp_path, {"proc/driver/nvidia/version": "NVRM version"}))
    assert report.verdict == "UNKNOWN"
    assert "nvidia-smi does not answer" in report.state


def test_the_environment_block_names_the_same_gpus(told):
    told(gpu(), gpu())
    assert describe_environment()["gpu"] == ["NVIDIA H100 80GB HBM3, 550.54, 81559 MiB"] * 2
