"""What a worker knows when a load point, and when a block begins; inside this process, with the real arm."""

import numpy as np
import pytest
from mini_scenario import FAKE, LOAD, scenario_text, write_scenario

from bench.measure.assignment import Assignment, read_trace
from bench.measure.slices import Slice, cut_slices
from bench.measure.worker import Serve, WarmUp, Worker
from bench.scenario_file import read_scenario
from recsys.types import RequestKind

CACHED = FAKE + 'cache = { capacity_mb = 4, start = "cold" }\n'


def make_worker(folder, arm):
    scenario = read_scenario(write_scenario(folder, scenario_text(load=LOAD.replace("20", "80"), arms=arm))).scenario
    _, slices = cut_slices(scenario)
    assignment = Assignment(scenario, scenario.arm[0], (), slices[-1].high)
    worker = Worker(assignment, read_trace(assignment))
    worker.look_around()
    return worker, slices


def test_a_load_point_begins_with_an_empty_cache(tmp_path):
    worker, slices = make_worker(tmp_path, CACHED)
    tokens = []
    for _ in range(2):
        worker.warm_up(WarmUp(0, 0))
        tokens.append(worker.serve(Serve(slices[0], None)).tokens.tolist())
    assert sum(tokens[0]) > 0
    assert tokens[1] == tokens[0], "every text is missed again"
    assert sum(worker.serve(Serve(slices[0], None)).tokens) == 0, "within a load point it is kept"


def test_a_block_begins_with_what_was_known_before_its_first_request(tmp_path):
    """What is asked is what the arm is: lists of a block are the same after other blocks, and after itself."""
    worker, slices = make_worker(tmp_path, FAKE)
    worker.warm_up(WarmUp(0, 0))
    first = worker.serve(Serve(slices[0], None)).recommended
    worker.serve(Serve(slices[1], None))
    assert np.array_equal(worker.serve(Serve(slices[0], None)).recommended, first)
    profiles, trace = worker.target.arm.recommender.parts.profiles, worker.trace
    asked = trace.requests(slices[0].low, slices[0].high)
    worker._rewound(slices[0].low, slices[0].high)
    for request in asked:
        if request.kind is RequestKind.RECOMMEND:
            known = profiles.history(request.user).timestamps_s
            assert (known < asked[0].timestamp_s).all(), "nothing from its own time on, and no feedback"


def test_the_warm_up_slice_is_no_block(tmp_path):
    worker, slices = make_worker(tmp_path, FAKE)
    with pytest.raises(ValueError, match="warm-up"):
        worker.serve(Serve(Slice(None, 0, 0, 5), None))
