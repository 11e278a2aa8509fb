"""The tokenizer against the one that transformers builds from the same files."""

from __future__ import annotations

import numpy as np
import pytest
from transformers import AutoTokenizer

from recsys.models.locate import locate
from recsys.models.tokenizer import CHARACTERS_PER_TOKEN, MANY_CHARACTERS, TextTokenizer

FILES = locate("minilm")


@pytest.fixture(scope="module")
def reference() -> AutoTokenizer:
    return AutoTokenizer.from_pretrained(FILES.config.parent)


LONG = {
    "words": "word " * 5_000,
    "one endless word": "x" * 50_000,
    "no spaces": "東京" * 5_000,
    "mostly white space": "a" + " " * 50_000 + "b",
    "long words, then short": "y" * (CHARACTERS_PER_TOKEN * 16 - 2) + " short words follow" * 99,
    "a word across the cut": "ab " * (CHARACTERS_PER_TOKEN * 16 // 3) + "unbelievably" * 3 + " more" * 200,
}


@pytest.mark.parametrize(
    "text", ["", "Mario Kart 8", "naïve café", *LONG.values()], ids=["empty", "title", "accents", *LONG]
)
@pytest.mark.parametrize("max_tokens", [3, 16, 256])
def test_ids_are_those_of_transformers_however_long_the_text(
    reference: AutoTokenizer, text: str, max_tokens: int
) -> None:
    expected = reference(text, truncation=True, max_length=max_tokens, padding=False)["input_ids"]
    prepared = TextTokenizer(FILES.tokenizer, max_tokens)([text])
    assert prepared.ids.tolist() == expected


@pytest.mark.parametrize("threads", [1, 2])
def test_many_texts_have_the_ids_that_each_has_alone(threads: int) -> None:
    """Few are tokenised on the caller's thread, many are shared out; lone surrogates are mended in both."""
    tokenizer = TextTokenizer(FILES.tokenizer, 16, threads=threads)
    texts = [f"{title} {number}" for number in range(50) for title in ("Zelda " * 90, "naïve \ud800 café", "")]
    assert sum(map(len, texts)) > MANY_CHARACTERS
    alone = [tokenizer([text]).ids.tolist() for text in texts]
    for count in (2, 40, len(texts)):
        rows = tokenizer(texts[:count])
        assert [row.tolist() for row in np.split(rows.ids, rows.offsets[1:-1])] == alone[:count]
    ids, _ = tokenizer.pairs([(text, "b") for text in texts])
    each = [tokenizer.pairs([(text, "b")])[0].ids for text in texts]
    assert ids.ids.tolist() == np.concatenate(each).tolist()


def test_the_shipped_padding_is_off_and_rows_are_ragged() -> None:
    prepared = TextTokenizer(FILES.tokenizer, 256)(["game", "game over", ""])
    assert prepared.n_tokens.tolist() == [3, 4, 2]
    assert prepared.ids.dtype == np.int32


def test_a_prompt_stands_before_every_text() -> None:
    plain, prompted = TextTokenizer(FILES.tokenizer, 64), TextTokenizer(FILES.tokenizer, 64, prompt="query: ")
    assert prompted(["mario"]).ids.tolist() == plain(["query: mario"]).ids.tolist()


def test_lone_surrogates_become_replacement_characters_and_pairs_their_character() -> None:
    tokenizer = TextTokenizer(FILES.tokenizer, 64)
    assert tokenizer(["a\ud800b"]).ids.tolist() == tokenizer(["a\ufffdb"]).ids.tolist()
    assert tokenizer(["\ud83d\ude00"]).ids.tolist() == tokenizer(["\U0001f600"]).ids.tolist()


def test_without_special_tokens_an_empty_text_has_no_ids() -> None:
    plain = TextTokenizer(FILES.tokenizer, 64, special_tokens=False)(["game over", ""])
    assert plain.n_tokens.tolist() == [2, 0]
    assert plain.ids.tolist() == TextTokenizer(FILES.tokenizer, 64)(["game over"]).ids[1:-1].tolist()


@pytest.mark.parametrize("text", ["", "mario", LONG["words"], LONG["mostly white space"]])
def test_an_ending_stands_behind_every_text_within_max_tokens(text: str) -> None:
    expected = TextTokenizer(FILES.tokenizer, 15)([text]).ids.tolist()
    assert TextTokenizer(FILES.tokenizer, 16, ending=7)([text]).ids.tolist() == [*expected, 7]


@pytest.mark.parametrize("max_tokens", [8, 64])
@pytest.mark.parametrize(("first", "second"), [("mario kart", "game " * 30), ("word " * 30, "lamp"), ("", "lamp")])
def test_pairs_are_those_of_transformers_with_their_segments(
    reference: AutoTokenizer, first: str, second: str, max_tokens: int
) -> None:
    expected = reference(first, second, truncation="longest_first", max_length=max_tokens, padding=False)
    ids, segments = TextTokenizer(FILES.tokenizer, max_tokens).pairs([(first, second), ("a\ud800", "b")])
    assert ids.take(np.array([0])).ids.tolist() == expected["input_ids"]
    assert segments.take(np.array([0])).ids.tolist() == expected["token_type_ids"]


def test_the_frame_is_what_stands_around_a_text() -> None:
    before, after = TextTokenizer(FILES.tokenizer, 64).frame
    assert [*before, *after] == TextTokenizer(FILES.tokenizer, 64)([""]).ids.tolist()
    assert (len(before), len(after)) == (1, 1)
