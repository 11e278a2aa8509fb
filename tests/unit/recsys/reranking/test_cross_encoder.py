"""The cross-encoder against transformers itself, pair by pair; models of one label and of two, from a folder."""

import shutil

import numpy as np
import pytest
from small_data import make_items

from recsys.catalogue import Catalogue
from recsys.errors import ModelError
from recsys.index import Candidates
from recsys.models.load import load_module
from recsys.models.locate import locate
from recsys.reranking import RERANKERS, Ask, Material, build_reranker
from recsys.serving.protocols import NullTracer

pytestmark = pytest.mark.skipif(bool(RERANKERS.entry("cross_encoder").missing), reason="library not installed")
CATALOGUE = Catalogue.of(make_items(12))
TEXTS = ["red kettle, blue lamp", "wool " * 90]
HEAD = "AutoModelForSequenceClassification"


def save(folder, labels):
    """A tiny model with a head, as save_pretrained leaves it, with its tokenizer beside it."""
    files = locate("bert-tiny-uncased", "random", 5)
    load_module(files, head=HEAD, num_labels=labels).save_pretrained(folder)
    shutil.copy(files.tokenizer, folder / "tokenizer.json")
    return str(folder)


def by_transformers(folder, text, item, max_tokens):
    """Logits of one pair, tokenised and computed by transformers alone."""
    import torch
    from transformers import AutoModelForSequenceClassification, PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast(tokenizer_file=f"{folder}/tokenizer.json", pad_token="[PAD]")  # noqa: S106
    tokenizer.model_input_names = ["input_ids", "token_type_ids", "attention_mask"]
    given = tokenizer(text, item, truncation="longest_first", max_length=max_tokens, return_tensors="pt")
    assert given["token_type_ids"].sum() > 0, "the item's segment"
    with torch.inference_mode():
        return AutoModelForSequenceClassification.from_pretrained(folder).eval()(**given).logits[0].numpy()


def scores_of(folder, max_tokens):
    reranker = build_reranker("cross_encoder", {"model": folder, "max_tokens": max_tokens}, Material(CATALOGUE, 9))
    found = Candidates(np.arange(9, dtype=np.int32), np.zeros(9, np.float32))
    asks = [Ask(row, text, found) for row, text in enumerate(TEXTS)]
    return reranker, reranker.rerank(asks, 9, NullTracer())


@pytest.mark.parametrize("labels", [1, 2])
@pytest.mark.parametrize("max_tokens", [24, 128])
def test_scores_are_those_of_transformers_on_each_pair(tmp_path, labels, max_tokens):
    folder = save(tmp_path, labels)
    reranker, done = scores_of(folder, max_tokens)
    assert reranker.info.real_weights and reranker.info.weights_bytes > 1_000_000 and reranker.info.weights_sha256
    for text, best in zip(TEXTS, done.lists, strict=True):
        expected = []
        for position in best.positions.tolist():
            logits = by_transformers(folder, text, CATALOGUE.texts[position], max_tokens)
            expected.append(logits[0] if labels == 1 else logits[1] - logits[0])
        assert best.scores == pytest.approx(expected, abs=1e-5)
        assert best.scores.tolist() == sorted(best.scores.tolist(), reverse=True)


def test_a_pair_is_cut_to_max_tokens_with_the_items_words_kept(tmp_path):
    _, done = scores_of(save(tmp_path, 1), 24)
    assert done.n_tokens[1] == 9 * 24
    assert len(set(done.lists[1].scores.tolist())) > 5, "the items still differ"


def test_more_labels_than_two_are_no_score(tmp_path):
    with pytest.raises(ModelError, match="tells 3 labels apart"):
        scores_of(save(tmp_path, 3), 64)


def test_a_model_without_its_head_is_refused_and_not_made_up(tmp_path):
    files = locate("bert-tiny-uncased", "random")
    load_module(files).save_pretrained(tmp_path)
    shutil.copy(files.tokenizer, tmp_path / "tokenizer.json")
    with pytest.raises(ModelError, match=r"no weights for classifier\.bias"):
        scores_of(str(tmp_path), 64)
