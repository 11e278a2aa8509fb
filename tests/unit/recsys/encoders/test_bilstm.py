"""The BiLSTM: trained once, the same from the same seed, better than untrained, padding never read."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import torch

from recsys.data.embedded import read_catalogue
from recsys.encoders import build_encoder
from recsys.encoders.bilstm import BiLstmEncoder
from recsys.errors import DataError
from recsys.models import contrastive

CATALOGUE = read_catalogue()
TEXTS = [f"{row.title}. {row.text}" for row in CATALOGUE]
SHORT = {"epochs": 1, "hidden_units": 16}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LLM_REC_BENCH_CACHE", str(tmp_path))
    return tmp_path


def fitted(texts: list[str], **options: object) -> BiLstmEncoder:
    encoder = build_encoder("bilstm", **({"threads": 1} | options))
    encoder.fit(texts)
    assert isinstance(encoder, BiLstmEncoder)
    return encoder


def test_the_same_seed_gives_the_same_vectors_whatever_the_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = fitted(TEXTS[:100], **SHORT, seed=3, threads=1)
    monkeypatch.setenv("LLM_REC_BENCH_CACHE", str(tmp_path / "another"))
    torch.manual_seed(99)
    two = fitted(TEXTS[:100], **SHORT, seed=3, threads=2)
    assert one.info.weights_sha256 == two.info.weights_sha256
    assert one.encode(TEXTS[:20]) == pytest.approx(two.encode(TEXTS[:20]), abs=1e-6)
    assert not np.allclose(one.encode(TEXTS[:20]), fitted(TEXTS[:100], **SHORT, seed=4).encode(TEXTS[:20]), atol=1e-3)


def test_it_is_trained_once_and_again_for_other_texts_or_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    trained = []
    original = contrastive.train
    monkeypatch.setattr(contrastive, "train", lambda *given: trained.append(1) or original(*given))
    first = fitted(TEXTS[:70], **SHORT).encode(TEXTS[:9])
    assert np.array_equal(fitted(TEXTS[:70], **SHORT).encode(TEXTS[:9]), first)
    fitted([*TEXTS[:70], *TEXTS[:9]], **SHORT)  # repeats say nothing new
    assert len(trained) == 1
    fitted(TEXTS[:71], **SHORT)
    fitted(TEXTS[:70], **(SHORT | {"epochs": 2}))
    fitted(TEXTS[:70], **SHORT, seed=1)
    assert len(trained) == 4


def test_a_damaged_artefact_is_trained_again(cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = fitted(TEXTS[:70], **SHORT).encode(TEXTS[:9])
    (path,) = cache.glob("artefacts/*/lstm.safetensors")
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with caplog.at_level(logging.WARNING):
        assert np.array_equal(fitted(TEXTS[:70], **SHORT).encode(TEXTS[:9]), first)
    assert "building it again" in caplog.text


def test_training_finds_topics_that_no_label_told_it() -> None:
    """Of the ten nearest texts in other domains, the share on the same of 24 hidden topics; chance is 0.04."""
    topic, domain = (np.array([getattr(row, name) for row in CATALOGUE]) for name in ("topic", "domain"))

    def purity(encoder: BiLstmEncoder) -> float:
        vectors = encoder.encode(TEXTS)
        similarity = np.where(domain[:, None] == domain[None, :], -2, vectors @ vectors.T)
        nearest = np.argsort(-similarity, axis=1, kind="stable")[:, :10]
        return float((topic[nearest] == topic[:, None]).mean())

    untrained = purity(fitted(TEXTS, epochs=0))
    assert purity(fitted(TEXTS, epochs=4)) > 1.3 * untrained


def test_padding_is_never_read() -> None:
    encoder = fitted(TEXTS[:70], **SHORT)
    texts = [TEXTS[0], "lamp", "", TEXTS[1]]
    together = encoder.forward(encoder.prepare(texts))
    for row, text in enumerate(texts):
        assert encoder.forward(encoder.prepare([text]))[0] == pytest.approx(together[row], abs=1e-6)


def test_order_counts() -> None:
    encoder = fitted(TEXTS[:70], **SHORT)
    one, other = encoder.encode(["red kettle and blue lamp", "blue lamp and red kettle"])
    assert one @ other < 1 - 1e-4


@pytest.mark.parametrize("texts", [[], ["one text alone"], ["", "x", "y"]])
def test_a_corpus_too_small_to_learn_from_leaves_the_first_weights(texts: list[str]) -> None:
    assert np.linalg.norm(fitted(texts, **SHORT).encode(["red kettle"])) == pytest.approx(1.0)


def test_before_a_fit_there_is_nothing_to_answer_with() -> None:
    with pytest.raises(DataError, match="call fit"):
        build_encoder("bilstm").encode(["red kettle"])
