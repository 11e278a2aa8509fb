"""The wheel holds everything, and works in a folder that has never seen the checkout."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("bench", "recsys", "scenarios", "pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel built from a copy: building leaves folders behind."""
    folder = tmp_path_factory.mktemp("wheel")
    for part in PARTS:
        source, target = ROOT / part, folder / "source" / part
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.parent.mkdir(exist_ok=True)
            shutil.copy(source, target)
    words = [
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "-q",
        "-w",
        str(folder),
        str(folder / "source"),
    ]
    done = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


def shipped(*patterns):
    files = [path for pattern in patterns for path in ROOT.glob(pattern) if "__pycache__" not in path.parts]
    assert files
    return {path.relative_to(ROOT).as_posix() for path in files}


def test_every_module_and_every_file_that_they_read_is_inside(wheel):
    inside = set(zipfile.ZipFile(wheel).namelist())
    wanted = shipped(
        "bench/**/*.py", "recsys/**/*.py", "scenarios/*.toml", "recsys/data/catalogue/*.jsonl", 
        "recsys/models/configs/*",
        "bench/report/*.css", "bench/report/*.j2",
    )  # fmt: skip
    assert wanted <= inside
    assert [name for name in inside if name.endswith(".dist-info/licenses/LICENSE")]
    assert not [name for name in inside if name.startswith(("tests/", "results/", "run_bench"))]


def test_it_lists_runs_and_reports_outside_the_checkout(wheel, tmp_path):
    """Its command is the one that pyproject declares; scenarios and catalogue come from the wheel."""
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    zipfile.ZipFile(wheel).extractall(site)
    declared = next(site.glob("*.dist-info/entry_points.txt")).read_text(encoding="utf-8")
    assert "llm-rec-bench = bench.cli:main" in declared

    def command(*words):
        script = "import sys, bench.cli; print(bench.__file__, file=sys.stderr); sys.exit(bench.cli.main(sys.argv[1:]))"
        environment = os.environ | {"PYTHONPATH": str(site)}
        done = subprocess.run(
            [sys.executable, "-c", script, *words],
            cwd=elsewhere,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert str(site) in done.stderr, "the installed one, not the checkout"
        return done.stdout

    assert "quickstart" in command("list")
    quick = ["--arm", "tfidf", "--set", "data.users=60", "--set", "blocks.count=2"]
    loads = [word for place in range(4) for word in ("--set", f"load.{place}.requests=8")]
    command("run", "quickstart", *quick, *loads, "--set", "blocks.warmup_requests=2", "--out", "results")
    assert (elsewhere / "results" / "latest" / "report.html").stat().st_size > 10_000
