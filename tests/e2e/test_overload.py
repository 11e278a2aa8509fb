"""Three times what a service can do: nothing breaks, nothing grows, every request is accounted for, and it recovers."""

from dataclasses import replace

import numpy as np
import pandas as pd
import psutil
import pytest
from mini_scenario import write_scenario
from service_process import serving

from bench.measure.assignment import Assignment, read_trace
from bench.measure.slices import cut_slices
from bench.measure.worker import Serve, Worker
from bench.scenario_file import read_scenario

SERVICE_MS = 10.0
QUEUE = 20
CALM_REQUESTS = 120
SCENARIO = """\
name = "mini"
question = "Does it stand?"
[data]
kind = "embedded"
users = 300
[requests]
history = 5
repeat = "zipf"
[[load]]
kind = "server"
arrivals = { kind = "poisson" }
rates_per_s = [300]
requests = REQUESTS
[blocks]
count = 3
[[arm]]
name = "slow"
encoder = { kind = "fake" }
planted_sleep_ms = { encode = 10.0 }
"""
TARGET = 'target = { kind = "http", url = "URL", connections = 128, timeout_ms = 3000 }\n'


def served(worker, part, rate_per_s):
    """A block at a constant rate."""
    intended_ns = (np.arange(len(part)) * (1e9 / rate_per_s)).astype(np.int64)
    return worker.serve(Serve(part, intended_ns))


def response_ms(block):
    return (block.observed_ns - block.intended_ns)[block.outcomes == 1] / 1e6


@pytest.mark.parametrize("flood_s", [3, pytest.param(60, marks=pytest.mark.verify)])
def test_three_times_the_capacity_is_refused_not_suffered(tmp_path, flood_s):
    rate_per_s = 3 * 1000 / SERVICE_MS
    text = SCENARIO.replace("REQUESTS", str(round(0.8 * 3 * flood_s * rate_per_s)))
    path = write_scenario(tmp_path, text)
    options = ("--rewind", "--queue-limit", str(QUEUE), "--timeout-ms", "2000")
    with serving(path, "slow", *options) as service:
        scenario = read_scenario(write_scenario(tmp_path, text + TARGET.replace("URL", service.url))).scenario
        _, slices = cut_slices(scenario)
        assignment = Assignment(scenario, scenario.arm[0], (), slices[-1].high)
        worker = Worker(assignment, read_trace(assignment))
        worker.look_around()
        process = psutil.Process(service.process.pid)
        before, after = (replace(part, high=part.low + CALM_REQUESTS) for part in (slices[0], slices[2]))
        calm = [served(worker, before, 30)]
        before_bytes, handles = process.memory_info().rss, process.num_fds()
        flooded = served(worker, slices[1], rate_per_s)
        after_bytes = process.memory_info().rss
        calm.append(served(worker, after, 30))
        worker.close()
        outcomes = pd.Series(flooded.outcomes).value_counts()
        counted = {
            name: int(outcomes.get(code, 0)) for name, code in (("answered", 1), ("timed out", 2), ("refused", 4))
        }
        assert sum(counted.values()) == len(slices[1]), "answered + refused + timed out = sent"
        assert counted["refused"] > len(slices[1]) / 3, counted
        assert flooded.errors == {}
        assert np.quantile(response_ms(flooded), 0.99) < 3 * QUEUE * SERVICE_MS, "a bounded queue is a bounded wait"
        assert after_bytes - before_bytes < 50 << 20
        assert process.num_fds() <= handles + 8, "connections were kept, none was lost"
        assert all((block.outcomes == 1).all() for block in calm), "it recovered at once"
        old, new = (np.quantile(response_ms(block), 0.9) for block in calm)
        assert new < 2 * old
        assert service.get("/health")[1]["waiting"] == 0
        pages = [
            line.split()
            for line in service.get("/metrics")[1].splitlines()
            if line.startswith("llm_rec_requests_total")
        ]
        told = {line[0]: float(line[1]) for line in pages if '"/recommend"' in line[0]}
        assert sum(told.values()) == 2 * CALM_REQUESTS + len(slices[1]), "the service counted the same"
