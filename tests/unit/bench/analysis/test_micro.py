"""Raw rounds of pytest-benchmark get the statistics of a run; a file without them gets none."""

import json

import numpy as np
import pytest

from bench.analysis.micro import read_micro
from bench.analysis.stats.quantile import quantile
from bench.cli import main
from bench.errors import ConfigError


def written(tmp_path, **stats):
    path = tmp_path / "micro.json"
    entry = {"name": "test_clock", "stats": {"iterations": 5, **stats}}
    path.write_text(json.dumps({"benchmarks": [entry], "environment": {"cpu": {"model": "EPYC", "usable": 2}}}))
    return path


def test_percentiles_are_those_of_the_rounds(tmp_path):
    seconds = np.random.default_rng(0).exponential(1e-6, 5_000).tolist()
    [micro] = read_micro(written(tmp_path, data=seconds)).benchmarks
    assert (micro.rounds, micro.iterations) == (5_000, 5)
    for name, p in (("p50", 0.5), ("p99", 0.99)):
        assert micro.percentiles[name].point == quantile(seconds, p)
        assert micro.percentiles[name].low < quantile(seconds, p) < micro.percentiles[name].high


def test_a_percentile_that_the_rounds_do_not_owe_is_left_out(tmp_path):
    [micro] = read_micro(written(tmp_path, data=[1e-6, 2e-6] * 30)).benchmarks
    assert micro.percentiles["p50"] is not None
    assert micro.percentiles["p99"] is None


def test_it_is_printed_with_the_machine(tmp_path, capsys):
    assert main(["micro", str(written(tmp_path, data=[1e-6] * 500))]) == 0
    shown = capsys.readouterr().out
    assert "test_clock" in shown
    assert "1.00" in shown
    assert "EPYC, 2 usable processors" in shown


def test_summaries_alone_are_refused_with_the_option_that_keeps_the_rounds(tmp_path):
    with pytest.raises(ConfigError, match="--benchmark-save-data"):
        read_micro(written(tmp_path, mean=1e-6, stddev=1e-7))


def test_another_file_is_refused(tmp_path, capsys):
    (tmp_path / "other.json").write_text("[]")
    assert main(["micro", str(tmp_path / "other.json")]) == 2
    assert "no file of pytest-benchmark" in capsys.readouterr().err
