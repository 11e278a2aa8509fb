"""The word table against the formula of its paper, on MiniLM's real vectors."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from recsys.encoders import build_encoder
from recsys.models.locate import locate
from recsys.models.token_table import token_table

FILES = locate("minilm")
CORPUS = [
    "The red kettle boils the water",
    "The blue teapot and the red cup",
    "A lamp for the desk",
    "Wool for the chair, and wool for the lamp",
    "The steel chair",
    "Tea, the kettle and the cup",
]
QUERIES = [*CORPUS, "a samovar for tea", "the the the"]


def textbook(texts: list[str], corpus: list[str], a: float, remove: bool = True) -> np.ndarray:
    """SIF of Arora et al. 2017, algorithm 1, in float64 and by loops, on the tokens that transformers gives."""
    tokenizer = AutoTokenizer.from_pretrained(FILES.config.parent)
    table = AutoModel.from_pretrained(FILES.config.parent).embeddings.word_embeddings.weight.detach().double().numpy()

    def ids_of(text: str) -> list[int]:
        return tokenizer(text, add_special_tokens=False)["input_ids"]

    words = [token for text in corpus for token in ids_of(text)]

    def mean(text: str) -> np.ndarray:
        ids = ids_of(text)
        return sum(a / (a + words.count(token) / len(words)) * table[token] for token in ids) / len(ids)

    u = np.linalg.svd(np.stack([mean(text) for text in corpus]), full_matrices=False)[2][0]
    rows = np.stack([mean(text) - (u @ mean(text) * u if remove else 0) for text in texts])
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("a", [1e-3, 1e-2])
def test_vectors_are_those_of_the_paper(a: float) -> None:
    encoder = build_encoder("word_table", smoothing=a)
    encoder.fit(CORPUS)
    assert encoder.encode(QUERIES) == pytest.approx(textbook(QUERIES, CORPUS, a), abs=1e-5)


def test_without_components_only_the_weights_are_learnt() -> None:
    encoder = build_encoder("word_table", removed_components=0)
    encoder.fit(CORPUS)
    assert encoder.encode(QUERIES) == pytest.approx(textbook(QUERIES, CORPUS, 1e-3, remove=False), abs=1e-5)


def test_before_a_fit_it_is_the_plain_mean_of_the_tables_rows() -> None:
    encoder = build_encoder("word_table")
    prepared = encoder.prepare(QUERIES)
    table = torch.from_numpy(token_table(FILES))
    means = [table[torch.from_numpy(prepared.take(np.array([row])).ids).long()].mean(0) for row in range(len(QUERIES))]
    expected = torch.nn.functional.normalize(torch.stack(means), dim=1).numpy()
    assert encoder.forward(prepared) == pytest.approx(expected, abs=1e-6)


def test_order_does_not_count_and_special_tokens_are_left_out() -> None:
    encoder = build_encoder("word_table")
    assert encoder.prepare(["red kettle", ""]).n_tokens.tolist() == [2, 0]
    one, other = encoder.encode(["red kettle", "kettle red"])
    assert one == pytest.approx(other, abs=1e-6)


def test_a_text_that_has_nothing_beside_what_all_share_is_a_zero_row_not_noise() -> None:
    encoder = build_encoder("word_table")
    encoder.fit(["wool", "wool wool"])
    vectors = encoder.encode(["wool", "wool wool wool", "", "lamp"])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([0, 0, 0, 1], abs=1e-6)


def test_a_fit_says_which_share_of_the_texts_it_cannot_read() -> None:
    encoder = build_encoder("word_table")
    encoder.fit([*CORPUS[:3], "看电影很好"])
    assert encoder.info.unread_share == 0.25


def test_info_says_what_of_the_model_is_used() -> None:
    info = build_encoder("word_table").info
    assert info.has_model
    assert info.real_weights
    assert not info.pads
    assert info.weights_bytes == 30522 * 384 * 4
    assert info.weights_sha256 == FILES.weights_sha256
    random = build_encoder("word_table", model="bert-tiny-uncased", weights="random").info
    assert (random.dim, random.real_weights, random.weights_sha256) == (128, False, "")


def test_neither_loading_nor_answering_needs_a_network_library() -> None:
    code = (
        "import sys; from recsys.encoders import build_encoder\n"
        "encoder = build_encoder('word_table'); encoder.fit(['a b', 'c d']); encoder.encode(['a c'])\n"
        "sys.exit(' '.join({'torch', 'transformers', 'onnxruntime'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
