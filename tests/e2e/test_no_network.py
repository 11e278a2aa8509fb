"""A default run asks nobody: with the network cut in the run and in all its workers it is the same run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.store import load_run

ROOT = Path(__file__).parents[2]
SITE = "import sys\nsys.path.insert(0, {tests!r})\nimport cut_network\n"
SHORT = "{kind='transformer',model='minilm',max_tokens=16}"
"""The model of the quickstart, found as it finds it; texts cut short, since reading them is most of so small a run."""


@pytest.fixture
def cut(tmp_path):
    """An environment in which every Python process, spawned workers too, begins by cutting the network."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(SITE.format(tests=str(ROOT / "tests")), encoding="utf-8")
    path = os.pathsep.join([str(tmp_path / "site"), str(ROOT)])
    return {name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"} | {"PYTHONPATH": path}


def test_the_plug_is_in(cut):
    code = "import socket\nsocket.create_connection(('192.0.2.1', 80), 1)"
    run = subprocess.run([sys.executable, "-c", code], env=cut, capture_output=True, text=True, timeout=60)
    assert "the network is cut" in run.stderr


def test_the_quickstart_runs_with_the_network_cut(cut, tmp_path):
    words = ["run_bench.py", "run", "quickstart", "--set", "load.0.requests=6", "--set", "blocks.count=1"]
    words += ["--set", "blocks.warmup_requests=0", "--arm", "tfidf", "--arm", "minilm-fp32"]
    words += ["--set", "data.users=120", "--set", f"arm.minilm-fp32.encoder={SHORT}"]
    words += ["--out", str(tmp_path / "results")]
    for place in (1, 2):
        words += ["--set", f"load.{place}.requests=6"]
    run = subprocess.run([sys.executable, *words], cwd=ROOT, env=cut, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    assert "the network is cut" not in run.stderr
    stored = load_run(tmp_path / "results" / "latest")
    assert [arm["status"] for arm in stored.run["arms"]] == ["measured"] * 2
