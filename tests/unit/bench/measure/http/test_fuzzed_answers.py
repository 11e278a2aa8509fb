"""Answers that are no answers: every one is taken or fails by a kind that is known, and the client lives on."""

import json
from datetime import timedelta

import numpy as np
import pytest
from fuzzing import QUIET, damaged
from hypothesis import given, settings
from hypothesis import strategies as st
from small_data import make_dataset

from bench.measure.asked import Naming, WrongAnswer
from bench.measure.http.address import Address
from bench.measure.http.failures import HttpFailure
from bench.measure.http.foreign_dialect import ForeignDialect
from bench.measure.http.own_dialect import OwnDialect
from bench.measure.http.reply import Reply
from recsys.encoders.remote import RemoteFailure, vectors_of
from recsys.types import Recommendation, Request, RequestKind

K = 3
DATA = make_dataset(12, 6)
GOOD = {"items": [{"id": item.item_id, "score": 0.5} for item in DATA.items[:K]]}
EMBEDDED = {"data": [{"index": 0, "embedding": [0.6, 0.8]}, {"index": 1, "embedding": "AACAPwAAAAA="}]}
REQUEST = Request(0, RequestKind.RECOMMEND, 0, 10**9)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["items", "id", "0"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["items", "id", "data", "index", "embedding", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)
CASES = 400
FUZZ = settings(max_examples=CASES, deadline=timedelta(seconds=5), suppress_health_check=QUIET, database=None)


def as_bytes(content):
    return json.dumps(content).encode("utf-8", "surrogatepass")


def bodies(good):
    """Damaged bytes, valid JSON of another shape, and the good one with a part replaced."""
    replaced = JSON.flatmap(lambda part: st.sampled_from([good | {key: part} for key in good]))
    deep = st.sampled_from([b"[" * 100_000, b'{"items":' * 50_000, b"9" * 5000])
    return damaged(as_bytes(good)) | JSON.map(as_bytes) | replaced.map(as_bytes) | deep


def reply(body, status=200, **headers):
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, bytearray(body), True)


OWN = OwnDialect(Address.of("http://127.0.0.1:1"), DATA, K)
FOREIGN = {
    path: ForeignDialect({}, path, asking=None, naming=Naming(DATA, K))
    for path in ("items[*].id", "sort_by(items, &score)[].id", "keys(items)", "items[].id | [0]")
}


@pytest.mark.parametrize("dialect", [OWN, *FOREIGN.values()], ids=["own", *FOREIGN])
def test_a_body_is_a_list_or_a_failure_of_a_known_kind(dialect):
    @FUZZ
    @given(body=bodies(GOOD), status=st.sampled_from([200, 200, 200, 200, 204, 302, 429, 500, 504]))
    def try_one(body, status):
        try:
            answer = dialect.answer(REQUEST, reply(body, status))
        except (HttpFailure, WrongAnswer) as failure:
            told.append(str(failure))
            return
        assert isinstance(answer, Recommendation)
        assert len(set(answer.positions.tolist())) == len(answer.item_ids) <= K

    told = []
    try_one()
    assert told
    assert max(map(len, told)) < 100, "no part of an answer is told"


def test_the_good_answers_are_taken():
    wanted = [item.item_id for item in DATA.items[:K]]
    assert list(OWN.answer(REQUEST, reply(as_bytes(GOOD))).item_ids) == wanted
    assert list(FOREIGN["items[*].id"].answer(REQUEST, reply(as_bytes(GOOD))).item_ids) == wanted
    assert vectors_of(EMBEDDED, 2).tolist() == pytest.approx(np.array([[0.6, 0.8], [1.0, 0.0]]))


@FUZZ
@given(header=st.text(st.characters(max_codepoint=255), max_size=60) | st.sampled_from(["²", "9" * 5000, "-1", "12"]))
def test_headers_that_mean_nothing_are_left_out(header):
    parts = OWN.lengths_ns(reply(b"", server_timing=header), took_ns=1000)
    assert sum(parts.values()) == 1000
    assert all(length_ns >= 0 for length_ns in parts.values())
    tokens = OWN.tokens(reply(b"", x_tokens=header))
    assert tokens is None or 0 <= tokens < 10**9


def one_embedding(part):
    return {"data": [{"index": 0, "embedding": part}]}


@FUZZ
@given(answer=JSON | JSON.map(lambda part: {"data": part}) | JSON.map(one_embedding))
@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
def test_embeddings_are_finite_vectors_of_one_length_or_a_failure(answer):
    try:
        vectors = vectors_of(answer, 1)
    except RemoteFailure:
        return
    assert vectors.ndim == 2 and len(vectors) == 1 and vectors.shape[1] > 0
    assert np.isfinite(vectors).all()
