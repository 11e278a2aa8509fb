"""TF-IDF and hashing against scikit-learn, which defines them here for scripts that have spaces."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer

from recsys.encoders import build_encoder
from recsys.errors import DataError

TEXTS = [
    "Mario Kart 8",
    "mario mario MARIO party",
    "Zelda: Breath of the Wild",
    "the Wild hunt, the witcher",
    "Ünïcode Токио a b cd",
]


def same(ours: scipy.sparse.csr_array, theirs: scipy.sparse.csr_matrix) -> bool:
    """Equal in every stored number, in float32."""
    theirs.sort_indices()
    return (
        ours.shape == theirs.shape
        and np.array_equal(ours.indptr, theirs.indptr)
        and np.array_equal(ours.indices, theirs.indices)
        and np.array_equal(ours.data, theirs.data.astype(np.float32))
    )


def test_tfidf_equals_scikit_learn_number_for_number() -> None:
    encoder = build_encoder("tfidf")
    encoder.fit(TEXTS)
    theirs = TfidfVectorizer(sublinear_tf=True).fit(TEXTS)
    queries = [*TEXTS, "", "unknown words only", "mario zelda zelda zelda new", "x"]
    assert same(encoder.encode(queries), theirs.transform(queries))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(st.sampled_from("abé ,ж1_"), max_size=30), min_size=1, max_size=6))
def test_tfidf_equals_scikit_learn_on_any_texts(texts: list[str]) -> None:
    theirs = TfidfVectorizer(sublinear_tf=True)
    encoder = build_encoder("tfidf")
    try:
        expected = theirs.fit_transform(texts)
    except ValueError:
        with pytest.raises(DataError):
            encoder.fit(texts)
        return
    encoder.fit(texts)
    assert encoder.encode(texts).toarray() == pytest.approx(expected.toarray(), abs=1e-6)


def test_tfidf_keeps_repeats_in_its_tokens_and_drops_unknown_words() -> None:
    encoder = build_encoder("tfidf")
    encoder.fit(TEXTS)
    assert encoder.prepare(["mario mario zelda nowhere", ""]).n_tokens.tolist() == [3, 0]


def test_hashing_equals_scikit_learn() -> None:
    assert same(build_encoder("hashing").encode([*TEXTS, ""]), HashingVectorizer().transform([*TEXTS, ""]))


def test_colliding_words_are_summed_with_their_signs() -> None:
    ours = build_encoder("hashing", dim=2).encode(TEXTS).toarray()
    assert ours == pytest.approx(HashingVectorizer(n_features=2).transform(TEXTS).toarray(), abs=1e-6)
