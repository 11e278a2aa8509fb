"""Every encoder, and every dense one behind a cache, keeps the contract of recsys.encoders.protocol."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import scipy.sparse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from native_kernels import why_not_native

from recsys.caches import build_cache
from recsys.encoders import ENCODERS, build_encoder
from recsys.encoders.cached import CachedEncoder
from recsys.encoders.protocol import Encoder
from recsys.errors import BadOptions

OUTSIDE = frozenset({"remote"})
"""Kinds that cannot be built without something outside this process: they bring their own tests."""
KINDS = tuple(kind for kind in ENCODERS.kinds() if kind not in OUTSIDE)
SMALL: dict[str, dict[str, object]] = {
    "causal_lm": {"model": "qwen3-tiny", "weights": "random"},
    "int8": {"candidate": "onnx_fused"},
}
"""Options for kinds whose defaults need a download, or measure."""

WORDS = (
    "the quick brown fox jumps over a lazy dog while seven wizards brew strange potions beneath pale moons".split()  # noqa: SIM905
)
TEXTS = [
    " ".join(WORDS[start : start + length])
    for start, length in ((0, 3), (2, 12), (5, 1), (4, 7), (9, 5), (1, 9), (0, 17))
]


def dense(vectors: object) -> np.ndarray:
    """A plain array of whatever an encoder answers."""
    return vectors.toarray() if scipy.sparse.issparse(vectors) else np.asarray(vectors)


@pytest.fixture(scope="module", params=[*KINDS, *(f"cached {kind}" for kind in KINDS)])
def encoder(request: pytest.FixtureRequest) -> Iterator[Encoder]:
    """Each kind with its default options, or SMALL ones, fitted on TEXTS; then again behind a cache."""
    wrapper, _, kind = request.param.rpartition(" ")
    missing = ENCODERS.entry(kind).missing
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed")
    if kind == "native" and why_not_native():
        pytest.skip(why_not_native())
    built: Encoder = build_encoder(kind, threads=2, **SMALL.get(kind, {}))
    if wrapper:
        if built.info.sparse:
            pytest.skip("sparse vectors are not cached")
        built = CachedEncoder(built, build_cache("memory", {"capacity_mb": 1}))
    built.fit(TEXTS)
    yield built
    built.close()


def test_vectors_have_the_shape_and_type_that_info_states(encoder: Encoder) -> None:
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.info.dim)
    assert vectors.dtype == np.float32
    assert scipy.sparse.issparse(vectors) == encoder.info.sparse


def test_norms_are_one_where_something_is_known(encoder: Encoder) -> None:
    assert np.linalg.norm(dense(encoder.encode(TEXTS)), axis=1) == pytest.approx(1.0, abs=1e-5)


def test_no_texts_give_no_vectors(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.info.dim)


def test_a_batch_of_one_equals_a_batch_of_many_within_the_stated_tolerance(encoder: Encoder) -> None:
    together = dense(encoder.forward(encoder.prepare(TEXTS)))
    if isinstance(encoder, CachedEncoder):
        encoder.clear()
    alone = np.concatenate([dense(encoder.forward(encoder.prepare([text]))) for text in TEXTS])
    cosines = (together.astype(np.float64) * alone).sum(axis=1)
    assert (1 - cosines).max() <= encoder.info.batch_tolerance


def test_input_order_is_kept(encoder: Encoder) -> None:
    backwards = dense(encoder.encode(TEXTS[::-1]))[::-1]
    cosines = (dense(encoder.encode(TEXTS)) * backwards).sum(axis=1)
    assert (1 - cosines).max() <= max(encoder.info.batch_tolerance, 1e-6)


def test_the_same_call_gives_the_same_numbers(encoder: Encoder) -> None:
    assert np.array_equal(dense(encoder.encode(TEXTS)), dense(encoder.encode(TEXTS)))


@pytest.mark.parametrize("text", ["", " \t\n", "0", "!?"])
def test_texts_with_nothing_in_them_have_norm_one_or_zero(encoder: Encoder, text: str) -> None:
    norm = float(np.linalg.norm(dense(encoder.encode([text]))))
    assert norm == 0 or norm == pytest.approx(1.0, abs=1e-5)


def test_a_text_ten_times_too_long_is_cut_to_what_the_encoder_reads(encoder: Encoder) -> None:
    longest = encoder.info.max_tokens or 256
    endless = " ".join(WORDS * (10 * longest // len(WORDS)))
    prepared = encoder.prepare([endless])
    assert encoder.info.max_tokens == 0 or prepared.n_tokens[0] == encoder.info.max_tokens
    assert np.linalg.norm(dense(encoder.forward(prepared))) == pytest.approx(1.0, abs=1e-5)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(st.characters(), max_size=80), min_size=1, max_size=4))
def test_any_unicode_is_encoded_lone_surrogates_included(encoder: Encoder, texts: list[str]) -> None:
    norms = np.linalg.norm(dense(encoder.encode(texts)), axis=1)
    assert np.all((norms == 0) | (np.abs(norms - 1) < 1e-5))


def test_prepared_texts_can_be_cut_and_joined(encoder: Encoder) -> None:
    whole = encoder.prepare(TEXTS)
    rows = np.array([4, 0, 2], np.intp)
    cut = whole.take(rows)
    joined = cut.concat([encoder.prepare(TEXTS[5:]), encoder.prepare([])])
    expected = [TEXTS[4], TEXTS[0], TEXTS[2], *TEXTS[5:]]
    assert len(cut) == 3
    assert cut.n_tokens.tolist() == whole.n_tokens[rows].tolist()
    assert len(joined) == len(expected)
    again = dense(encoder.forward(encoder.prepare(expected)))
    np.testing.assert_allclose(dense(encoder.forward(joined)), again, rtol=0, atol=1e-6)


def test_tokens_grow_with_the_text_or_stay_when_known(encoder: Encoder) -> None:
    short, long = encoder.prepare(["fox"]).n_tokens[0], encoder.prepare([" ".join(WORDS)]).n_tokens[0]
    assert 0 <= short <= long or isinstance(encoder, CachedEncoder)


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_option_is_refused_with_the_known_ones(kind: str) -> None:
    if ENCODERS.entry(kind).missing:
        pytest.skip("library not installed")
    with pytest.raises(BadOptions, match="nonsense.*Known options"):
        build_encoder(kind, nonsense=1)
