"""What it costs to store, read, judge and draw a large run. Run by `make perf`; ratios only, no limits.

A million requests: LLM_REC_BENCH_ROWS=1000000 make perf.
"""

import os

import numpy as np
import pytest
from stored_run import SERVICE_MS, Size, make_trace, origin, serve, slices, store_run

from bench.analysis.conclude import conclude
from bench.report import write_report
from bench.rows import block_rows
from bench.store import load_run

ROWS = int(os.environ.get("LLM_REC_BENCH_ROWS", "20000"))
BLOCKS = 5
SINGLE = ROWS // 100
SIZE = Size(ROWS // 2 // BLOCKS - SINGLE, SINGLE, blocks=BLOCKS, quality=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return store_run(tmp_path_factory.mktemp("run"), SIZE)


@pytest.fixture(scope="module")
def statements(folder):
    return conclude(load_run(folder))


def test_rows_of_a_block(benchmark):
    rng = np.random.default_rng(1)
    trace = make_trace(SIZE, rng)
    part = list(slices(SIZE))[-1]
    served = serve(part, trace, SERVICE_MS["model"], rng)
    table = benchmark(block_rows, origin("model", part, trace), served)
    assert table.num_rows == SIZE.server


def test_storing(benchmark, tmp_path_factory):
    assert benchmark(lambda: store_run(tmp_path_factory.mktemp("run"), SIZE)).is_dir()


def test_reading(benchmark, folder):
    assert len(benchmark(load_run, folder).requests) == 2 * SIZE.rows


def test_concluding(benchmark, folder):
    stored = load_run(folder)
    assert len(benchmark(conclude, stored).summary) == 8


def test_drawing_and_writing(benchmark, statements, folder):
    page = benchmark(write_report, statements, folder)
    assert page.stat().st_size < 1_000_000, "a picture does not grow with the run"
