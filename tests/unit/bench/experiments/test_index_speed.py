"""The sum beside a search must not slow it: its threads' way of waiting is fixed before their library is loaded."""

from fresh_interpreter import imported_by


def test_no_library_with_threads_is_loaded_before_their_way_of_waiting_is_fixed():
    code = "from bench.experiments.calibration import process\nfrom bench.experiments.index_ladder import index_speed"
    assert imported_by(code, {"torch", "faiss"}) == set()
