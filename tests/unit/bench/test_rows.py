"""The rows of requests.parquet, from what a worker measured."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from small_data import make_dataset

from bench.measure.recorder import NOT_WAITED_FOR, Handed, Outcome
from bench.measure.slices import Slice
from bench.measure.worker import Served
from bench.rows import (
    FLOOR_COLUMNS,
    QUALITY_COLUMNS,
    Origin,
    block_rows,
    floor_rows,
    recommended_positions,
    user_hashes,
    with_quality,
)
from bench.scenario import ArmTable, LoadPoint, LoadTable
from bench.traffic.drawn import trace_of_events
from bench.traffic.ingests import Ingests
from bench.traffic.trace import NOBODY
from recsys.serving.protocols import STAGES

N, LOW = 4, 3
POINT = LoadPoint("quick", LoadTable(kind="single_stream", requests=N), None)
PART = Slice(POINT, 2, LOW, LOW + N)


def trace():
    reported = np.zeros(10, bool)
    reported[LOW + 1] = True
    return trace_of_events(make_dataset(), np.arange(100, 110), reported)


def served():
    """A list, two answers without one, and a request that was never served."""
    never = np.zeros(N, np.int64)
    lists = np.full((N, 3), -1, np.int32)
    lists[0, :2] = 5, 7
    tokens = np.array([4, 0, 0, 0], np.int32)
    outcomes = np.array([Outcome.ANSWERED] * 3 + [Outcome.UNSERVED], np.int8)
    return Served(
        intended_ns=never, taken_ns=never, observed_ns=never, stage_ends_ns=dict.fromkeys(STAGES, never),
        lateness_ns=np.array([700, NOT_WAITED_FOR, 0, NOT_WAITED_FOR], np.int32), tokens=tokens, padded_tokens=tokens,
        outcomes=outcomes, recommended=lists, wall_s=1.0, spin_s=0.0, readings={}, was_quiet=True, pauses=0,
        paused_s=0.0, errors={},
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


def test_only_a_request_that_the_system_waited_for_has_a_lateness():
    assert rows()["lateness_ns"].to_pylist() == [700, None, 0, None]


def test_a_word_is_held_once_however_many_requests_it_stands_for():
    table = rows()
    for column in ("arm", "load", "load_kind", "arrivals", "request_kind", "user", "outcome"):
        assert table[column].type == pa.dictionary(pa.int32(), pa.string()), column
        held = table[column].chunk(0).dictionary
        assert len(set(held.to_pylist())) == len(held), column


def test_recommended_are_item_ids_without_the_ends_of_short_lists():
    assert rows()["recommended"].to_pylist() == [["i5", "i7"], [], [], []]


def test_a_hit_is_an_answered_list_that_cost_no_token_and_only_a_cache_has_hits():
    assert rows()["cache_hit"].to_pylist() == [None] * N
    assert rows(cache={"capacity_mb": 1})["cache_hit"].to_pylist() == [False, None, True, None]


def test_users_stand_under_salted_hashes_that_are_theirs_within_a_run():
    made = trace()
    users = made.user
    hashes = user_hashes(made, b"salt", 0, 10).to_pylist()
    assert len(set(zip(hashes, users.tolist(), strict=True))) == len(set(hashes)) == len(set(users.tolist()))
    assert not set(hashes) & set(user_hashes(made, b"other", 0, 10).to_pylist())
    assert hashes[3:5] == user_hashes(made, b"salt", 3, 5).to_pylist()


def test_a_row_says_whether_its_user_is_cold():
    made = trace()
    table = ArmTable.model_validate({"name": "a", "encoder": {"kind": "fake"}})
    cold = np.unique(made.user[[LOW + 1, LOW + 2]])
    marked = block_rows(Origin(table, PART, 1, 0, made, b"salt", cold), served())["cold_user"].to_pylist()
    assert marked == [user in cold for user in made.user[LOW : LOW + N]]
    assert True in marked
    assert rows()["cold_user"].to_pylist() == [False] * N


def test_the_ingest_of_an_item_has_a_kind_and_neither_user_nor_cache_hit():
    dataset = make_dataset()
    new = Ingests(np.array([5], np.int32), dataset.events.timestamp_s[[103]])
    made = trace_of_events(dataset, np.arange(100, 109), np.zeros(9, bool), new)
    place = made.user.tolist().index(NOBODY)
    part = Slice(POINT, 0, place, place + N)
    table = ArmTable.model_validate({"name": "a", "encoder": {"kind": "fake"}, "cache": {"capacity_mb": 1}})
    made_rows = block_rows(Origin(table, part, 0, 0, made, b"salt"), served())
    assert made_rows["request_kind"].to_pylist() == ["ingest", "recommend", "recommend", "recommend"]
    assert [user is None for user in made_rows["user"].to_pylist()] == [True, False, False, False]
    assert made_rows["cache_hit"].to_pylist() == [None, True, True, None]


def test_quality_is_joined_by_arm_and_row_and_empty_where_it_was_not_measured():
    scores = {"a": {name: np.arange(10, dtype=np.float32) for name in QUALITY_COLUMNS}}
    scores["a"]["fidelity_at_k"][:] = np.nan
    table = with_quality(rows(), scores)
    assert table["recall_at_k"].to_pylist() == [3, 4, 5, 6]
    assert table["fidelity_at_k"].to_pylist() == [None] * N
    assert with_quality(rows(name="b"), scores)["recall_at_k"].to_pylist() == [None] * N


def test_floors_have_a_row_for_each_list_that_can_be_judged():
    recall = np.array([np.nan, 0.5, np.nan, 0.0], np.float32)
    columns = dict.fromkeys(FLOOR_COLUMNS, recall) | {"diversity": np.full(4, np.nan, np.float32)}
    users = pa.array(list("abcd")).dictionary_encode()
    table = floor_rows({"random": columns}, {"random": "Random"}, users)
    judged = {"floor": "random", "label": "Random", "diversity": None}
    assert table.to_pylist() == [
        dict.fromkeys(FLOOR_COLUMNS, 0.5) | judged | {"row": 1, "user": "b"},
        dict.fromkeys(FLOOR_COLUMNS, 0.0) | judged | {"row": 3, "user": "d"},
    ]
    assert floor_rows({}, {}, users).schema == table.schema


def test_lists_of_an_arm_stand_at_their_rows_of_the_trace():
    lists = recommended_positions([(PART, served().recommended)], 9)
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


def test_tokens_are_those_of_all_models_and_a_hit_is_told_by_the_encoders_alone():
    handed = Handed.of(N, 2)
    handed.tokens[:] = 50, 0, 60, 0
    handed.padded_tokens[:] = 70, 0, 80, 0
    table = ArmTable.model_validate({"name": "a", "encoder": {"kind": "fake"}, "cache": {"capacity_mb": 1}})
    made = block_rows(Origin(table, PART, 1, 0, trace(), b"salt"), replace(served(), handed=handed))
    assert made["tokens"].to_pylist() == [54, 0, 60, 0]
    assert made["padded_tokens"].to_pylist() == [74, 0, 80, 0]
    assert made["cache_hit"].to_pylist() == [False, None, True, None]
