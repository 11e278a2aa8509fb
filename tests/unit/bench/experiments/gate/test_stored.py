"""Baseline files: what is read back, and what is refused."""

import json

import pytest
from gate_samples import sample
from mini_gate import SCENARIO

from bench.analysis.gate.baseline import Baseline
from bench.analysis.gate.counters import counted, counter_changes
from bench.analysis.gate.samples import Side
from bench.errors import ConfigError
from bench.experiments.gate.request import GateRequest
from bench.experiments.gate.side import read_text, stretched
from bench.experiments.gate.stored import read_baseline, write_baseline
from bench.measure.environment import describe_environment

ASKED = GateRequest(read_text(SCENARIO, []), SCENARIO, (), ())


def stored(path, **given):
    """A file that fits this machine and the scenario."""
    values = {"scenario": "mini_gate", "scenario_hash": stretched(ASKED.scenario, ASKED.rules.blocks).hash}
    values |= {"trace_sha256": "t", "created_utc": "u", "runs": 3, "blocks": 6, "environment": describe_environment()}
    baseline = Baseline(**(values | {"arms": {}, "counters": {}, "unsteady": []} | given))
    write_baseline(path, baseline)
    return baseline


def test_a_baseline_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "baseline.json"
    written = stored(path, unsteady=[("fake", "single_stream", "tokens")])
    assert read_baseline(path, ASKED) == written


def test_a_counter_that_the_baseline_was_not_sure_of_is_no_more_work(tmp_path):
    path, counts = tmp_path / "baseline.json", [{"tokens": 7, "failed": 0}, {"tokens": 8, "failed": 0}]
    seen = counted([sample(Side.HEAD, 0, turn, counters=each) for turn, each in enumerate(counts)], Side.HEAD)
    stored(path, counters=seen.counters, unsteady=sorted(seen.unsteady))
    now = counted([sample(Side.HEAD, counters={"tokens": 9, "failed": 1})], Side.HEAD)
    changes = counter_changes(read_baseline(path, ASKED).counted, now)
    assert [(change.counter, change.is_worse) for change in changes] == [("failed", True)]


@pytest.mark.parametrize("version", [1, 3])
def test_a_file_of_another_version_is_refused_by_its_number(tmp_path, version):
    path = tmp_path / "baseline.json"
    stored(path)
    content = json.loads(path.read_text()) | {"schema_version": version}
    del content["unsteady"]
    path.write_text(json.dumps(content))
    with pytest.raises(
        ConfigError, match=rf"schema version {version}, but this program reads 2\. Next: .*gate mini_ga"
    ):
        read_baseline(path, ASKED)


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 100_000, "\udcff"])
def test_a_damaged_file_is_refused_with_what_makes_it_anew(tmp_path, text):
    path = tmp_path / "baseline.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError, match=r"damaged: (.|\n)*Next: llm-rec-bench gate mini_gate --save-baseline"):
        read_baseline(path, ASKED)
