"""The rows of requests.parquet, from what a worker measured."""

import numpy as np
import pytest
from small_data import make_dataset

from bench.clock import VirtualClock
from bench.measure.probes.cpu import CpuReading
from bench.measure.recorder import Recorder
from bench.measure.slices import Slice
from bench.measure.worker import Served
from bench.rows import Origin, block_rows, floor_rows, recommended_positions, user_hashes, with_quality
from bench.scenario import ArmTable, LoadPoint, LoadTable
from bench.traffic.requests import Trace
from recsys.serving.protocols import STAGES
from recsys.types import Recommendation

N, LOW = 4, 3
POINT = LoadPoint("quick", LoadTable(kind="single_stream", requests=N), None)
PART = Slice(POINT, 2, LOW, LOW + N)


def trace():
    feedback = np.zeros(10, bool)
    feedback[LOW + 1] = True
    return Trace(np.arange(100, 110), feedback, make_dataset())


def served():
    recorder = Recorder(N, 3, VirtualClock())
    recorder.answered([0, 1, 2], [Recommendation((), (), np.array([5, 7], np.int32)), None, None])
    recorder.tokens([0, 2], [4, 0])
    return Served(
        recorder.intended_ns, recorder.taken_ns, recorder.observed_ns(), recorder.stage_ends_ns(),
        recorder.tokens_of, recorder.padded_tokens_of, recorder.outcomes, recorder.recommended,
        wall_s=1.0, cpu=CpuReading(0, 0, 0), spin_s=0.0, peak_rss_bytes=0, was_quiet=True, collections=0,
    )  # fmt: skip


def rows(**arm):
    table = ArmTable.model_validate({"name": "a", "encoder": {"kind": "fake"}} | arm)
    return block_rows(Origin(table, PART, 1, 0, trace(), b"salt"), served())


def test_one_row_a_request_with_its_place_and_outcome():
    table = rows()
    assert table["row"].to_pylist() == [3, 4, 5, 6]
    assert table["request_kind"].to_pylist() == ["recommend", "feedback", "recommend", "recommend"]
    assert table["outcome"].to_pylist() == ["answered", "answered", "answered", "unserved"]
    assert table["counted"].to_pylist() == [False, True, True, True], "the first settles"
    assert set(table["block"].to_pylist()) == {2}
    assert table["offered_per_s"].null_count == N
    assert [name for name in table.column_names if name.startswith("mark_")] == [f"mark_{stage}_ns" for stage in STAGES]


def test_recommended_are_item_ids_without_the_ends_of_short_lists():
    assert rows()["recommended"].to_pylist() == [["i5", "i7"], [], [], []]


def test_a_hit_is_an_answered_list_that_cost_no_token_and_only_a_cache_has_hits():
    assert rows()["cache_hit"].to_pylist() == [None] * N
    assert rows(cache={"capacity_mb": 1})["cache_hit"].to_pylist() == [False, None, True, None]


def test_users_stand_under_salted_hashes_that_are_theirs_within_a_run():
    made = trace()
    users = made.dataset.events.user[made.events]
    hashes = user_hashes(made, b"salt", 0, 10)
    assert len(set(zip(hashes, users.tolist(), strict=True))) == len(set(hashes)) == len(set(users.tolist()))
    assert not set(hashes) & set(user_hashes(made, b"other", 0, 10))
    assert hashes[3:5] == user_hashes(made, b"salt", 3, 5)


def test_quality_is_joined_by_arm_and_row_and_empty_where_it_was_not_measured():
    columns = ("recall_at_k", "ndcg_at_k", "fidelity_at_k", "overlap_at_k")
    scores = {"a": {name: np.arange(10, dtype=np.float32) for name in columns}}
    scores["a"]["fidelity_at_k"][:] = np.nan
    table = with_quality(rows(), scores)
    assert table["recall_at_k"].to_pylist() == [3, 4, 5, 6]
    assert table["fidelity_at_k"].to_pylist() == [None] * N
    assert with_quality(rows(name="b"), scores)["recall_at_k"].to_pylist() == [None] * N


def test_floors_have_a_row_for_each_list_that_can_be_judged():
    recall = np.array([np.nan, 0.5, np.nan, 0.0], np.float32)
    table = floor_rows({"random": {"recall_at_k": recall, "ndcg_at_k": recall}}, {"random": "Random"}, list("abcd"))
    assert table.to_pylist() == [
        {"floor": "random", "label": "Random", "row": 1, "user": "b", "recall_at_k": 0.5, "ndcg_at_k": 0.5},
        {"floor": "random", "label": "Random", "row": 3, "user": "d", "recall_at_k": 0.0, "ndcg_at_k": 0.0},
    ]


def test_lists_of_an_arm_stand_at_their_rows_of_the_trace():
    lists = recommended_positions([(PART, served())], 9)
    assert lists.shape == (9, 3)
    assert lists[LOW].tolist() == [5, 7, -1]
    assert (np.delete(lists, LOW, axis=0) == -1).all()


def test_the_warm_up_has_no_rows():
    with pytest.raises(ValueError, match="warm-up"):
        block_rows(
            Origin(
                ArmTable.model_validate({"name": "a", "encoder": {"kind": "fake"}}),
                Slice(None, 0, 0, N),
                0,
                0,
                trace(),
                b"",
            ),
            served(),
        )
