"""What is loaded where: a process that measures, reports or lists carries nothing that it does not need."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODELS = ("torch", "transformers", "onnxruntime", "onnx")
WORKER = """
import bench.measure.worker as worker
from bench.measure.assignment import Assignment
from bench.measure.slices import cut_slices
from bench.scenario_file import read_scenario

scenario = read_scenario(sys.argv[1]).scenario
warmup, slices = cut_slices(scenario)
commands = [None, worker.Serve(slices[0], None), worker.WarmUp(warmup.low, warmup.high)]
answers = []
worker.receive = lambda connection: commands.pop()
worker.send = lambda connection, answer: answers.append(answer)
worker.run_worker(None, Assignment(scenario, scenario.arm[0], (), slices[-1].high))
expected = [worker.Built, worker.Instruments, worker.Quiet, worker.Served]
assert [type(answer) for answer in answers] == expected, answers
"""


def loaded(code, *arguments):
    """Top-level packages that a fresh interpreter has loaded after the code."""
    script = (
        f"import sys\n{code}\nsys.stderr.write('LOADED ' + ' '.join(name for name in sys.modules if sys.modules[name]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return {name.split(".")[0] for name in done.stderr.rpartition("LOADED ")[2].split()}


def test_a_worker_draws_nothing_and_keeps_no_tables(tmp_path):
    from mini_scenario import TFIDF, scenario_text, write_scenario

    packages = loaded(WORKER, write_scenario(tmp_path, scenario_text(arms=TFIDF)))
    assert not packages & {"matplotlib", "pandas", "jinja2", "pyarrow", "typer", *MODELS}
    assert "sklearn" in packages, "the arm was truly built"


def test_the_report_and_the_analysis_load_no_model():
    packages = loaded("import bench.report, bench.analysis.conclude, bench.report.figures, bench.report.html")
    assert not packages & set(MODELS)
    assert {"pandas", "matplotlib"} <= packages


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["run", "--help"], ["show", "--help"]], ids=" ".join)
def test_help_and_list_load_nothing_heavy(arguments):
    packages = loaded(f"from bench.cli import main\nassert main({arguments!r}) == 0")
    assert not packages & {*MODELS, "pandas", "matplotlib", "sklearn", "jinja2"}
