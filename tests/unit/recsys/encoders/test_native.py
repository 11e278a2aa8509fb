"""What is particular to the project's own kernels: how near 8 bits stay, and that nothing else changes a vector."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from native_kernels import kernels  # noqa: F401

from recsys.data.embedded import read_catalogue
from recsys.encoders import build_encoder
from recsys.encoders.batching import forward_all
from recsys.errors import BadOptions
from recsys.models.cpu_features import cpu_features
from recsys.models.locate import locate
from recsys.quality import fidelity

pytestmark = pytest.mark.usefixtures("kernels")

PRECISIONS = ["int8", *(["bf16"] if "avx512_bf16" in cpu_features() else [])]
TINY = {"model": "bert-tiny-uncased", "weights": "random"}
TEXTS = [
    "Zelda: Breath of the Wild",
    "",
    "a racing game",
    " ".join(["chess for two players, with a clock and a book of openings"] * 30),
    "Mario Kart 8 Deluxe, Nintendo Switch, 4 players, with wheels",
]


@pytest.fixture(scope="module")
def titles():
    return [item.title for item in read_catalogue()]


@pytest.fixture(scope="module")
def exact_titles(titles):
    return build_encoder("transformer", model="minilm").encode(titles)


def skip_without(options):
    """Where the CPU lacks the options' instructions."""
    if options.get("precision", "int8") not in PRECISIONS:
        pytest.skip("this CPU does not multiply bf16")


def fidelity_at_10(vectors, exact):
    """Of each text's nearest, itself left out."""
    scores, truth = vectors @ vectors.T, exact @ exact.T
    np.fill_diagonal(scores, -np.inf)
    np.fill_diagonal(truth, -np.inf)
    nearest = np.argsort(-scores, axis=1, kind="stable")[:, :10].astype(np.int32)
    return np.nanmean(fidelity(nearest, truth, 10, tolerance=1e-6))


@pytest.mark.parametrize(
    ("options", "products", "lowest_cosine", "least"),
    [
        ({"wide": "none"}, {"int8": 36}, 0.997, 0.94),
        ({}, {"int8": 18, "w8a16": 18}, 0.997, 0.95),
        ({"wide": "all"}, {"w8a16": 36}, 0.999, 0.965),
        ({"precision": "bf16"}, {"bf16": 36}, 0.9999, 0.985),
    ],
)
def test_the_ranking_is_nearly_the_exact_one(titles, exact_titles, options, products, lowest_cosine, least):
    skip_without(options)
    encoder = build_encoder("native", model="minilm", **options)
    vectors = encoder.encode(titles)
    assert encoder.info.products == products
    assert np.einsum("ij,ij->i", vectors, exact_titles).min() > lowest_cosine
    assert fidelity_at_10(vectors, exact_titles) > least


@pytest.mark.parametrize("pooling", ["mean", "cls", "max"])
@pytest.mark.parametrize(
    ("options", "lowest_cosine"), [({"wide": "none"}, 0.985), ({"wide": "all"}, 0.99), ({"precision": "bf16"}, 0.9995)]
)
def test_every_pooling_is_that_of_the_exact_model(pooling, options, lowest_cosine):
    skip_without(options)
    exact = build_encoder("transformer", model="minilm", pooling=pooling).encode(TEXTS)
    vectors = build_encoder("native", model="minilm", pooling=pooling, **options).encode(TEXTS)
    assert np.einsum("ij,ij->i", vectors, exact).min() > lowest_cosine


@cache
def tiny(threads, batch_tokens, precision):
    """Built once: random weights take their time."""
    return build_encoder("native", threads=threads, batch_tokens=batch_tokens, precision=precision, **TINY)


@settings(max_examples=40, deadline=None)
@given(
    texts=st.lists(st.text("abc deijo", max_size=90), min_size=1, max_size=12),
    threads=st.integers(1, 3),
    batch_tokens=st.sampled_from([1, 24, 256]),
    precision=st.sampled_from(PRECISIONS),
)
def test_a_vector_is_the_same_bits_in_any_batch_by_any_threads(texts, threads, batch_tokens, precision):
    """What no scale of a whole batch can do: neighbours change a vector there."""
    alone, many = tiny(1, 256, precision), tiny(threads, batch_tokens, precision)
    expected = np.concatenate([alone.encode([text]) for text in texts])
    assert np.array_equal(many.encode(texts), expected)
    assert np.array_equal(many.forward(many.prepare(texts)), expected)
    assert np.array_equal(forward_all(many, many.prepare(texts)).vectors, expected)


def test_no_padding_is_computed():
    encoder = build_encoder("native", threads=2, batch_tokens=64, **TINY)
    computed = forward_all(encoder, encoder.prepare(TEXTS))
    assert computed.padded_tokens == computed.n_tokens.sum()
    assert (encoder.info.pads, encoder.info.batch_tokens) == (False, 128)


def test_a_model_of_another_kind_or_size_is_refused(tmp_path):
    with pytest.raises(BadOptions, match='"native" is for plain BERTs, and "qwen3-tiny" is none. Next: kind = "onnx"'):
        build_encoder("native", model="qwen3-tiny", weights="random")
    shutil.copytree(locate("minilm").config.parent, tmp_path / "odd")
    config = json.loads((tmp_path / "odd" / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "odd" / "config.json").write_text(json.dumps(config | {"hidden_size": 312}), encoding="utf-8")
    with pytest.raises(BadOptions, match="sizes 312 and 1536, and 12 heads; it takes multiples of 64"):
        build_encoder("native", model=str(tmp_path / "odd"))


def test_what_says_nothing_beside_bf16_is_refused():
    with pytest.raises(BadOptions, match="wide is for precision int8"):
        build_encoder("native", precision="bf16", wide="all", **TINY)


def test_one_encoder_serves_many_threads_at_once():
    encoder = build_encoder("native", threads=2, **TINY)
    expected = [encoder.encode([text]).tobytes() for text in TEXTS]
    with ThreadPoolExecutor(4) as crew:
        found = list(crew.map(lambda n: encoder.encode([TEXTS[n % len(TEXTS)]]).tobytes(), range(200)))
    assert found == [expected[n % len(TEXTS)] for n in range(200)]


def test_avx512_can_be_asked_for_where_there_is_amx():
    encoder = build_encoder("native", instructions="avx512", **TINY)
    assert encoder.info.form == "avx512"
    assert np.array_equal(encoder.encode(TEXTS), build_encoder("native", **TINY).encode(TEXTS))


def test_the_fastest_form_of_int8_may_be_these_kernels(monkeypatch, tmp_path):
    from bench.clock import MonotonicClock
    from recsys.encoders import int8
    from recsys.models.artefacts import CACHE_VARIABLE

    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    own = {name: form for name, form in int8.CANDIDATES.items() if form[0] == "native"}
    monkeypatch.setattr(int8, "CANDIDATES", own)
    chosen = build_encoder("int8", clock=MonotonicClock(), threads=2, **TINY)
    assert chosen.info.measured.keys() == own.keys()
    speeds = chosen.info.measured
    assert chosen.info.form == min(own, key=lambda name: speeds[name]["one_ms"] / speeds[name]["many_per_s"])
    named = build_encoder("native", threads=2, **own[chosen.info.form][1], **TINY)
    assert np.array_equal(chosen.encode(TEXTS), named.encode(TEXTS))


def test_int8_does_without_them_where_they_cannot_be_compiled(monkeypatch, tmp_path, caplog):
    from bench.clock import MonotonicClock
    from recsys.encoders import int8
    from recsys.models.artefacts import CACHE_VARIABLE

    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    monkeypatch.setenv("CXX", "false")
    two = {name: int8.CANDIDATES[name] for name in ("onnx_fused", "native")}
    monkeypatch.setattr(int8, "CANDIDATES", two)
    chosen = build_encoder("int8", clock=MonotonicClock(), threads=2, **TINY)
    assert chosen.info.measured.keys() == {"onnx_fused"}
    assert "int8 does without the forms of its own kernels" in caplog.text
