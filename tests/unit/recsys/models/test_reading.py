"""Whether a tokenizer can read texts."""

from functools import cache

import pytest
from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel

from recsys.models.locate import locate
from recsys.models.reading import unread_share


@cache
def minilm():
    """The tokenizer of the real MiniLM: uncased English word pieces."""
    tokenizer = Tokenizer.from_file(str(locate("minilm", "real", 0).tokenizer))
    tokenizer.no_padding()
    return tokenizer


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        ("A red kettle 🙂 for tea", False),
        ("Ich sehe gern Wissenschaftsfilme", False),
        ("XK-21a BR9902 qzxv", False),
        ("Vĩnh Hạ Long thích xem", False),
        ("我非常喜欢看电影，特别是科幻电影。", True),
        ("这是一部全新的科幻电影，描述了一个未来的世界。", True),
        ("新しい映画がとても好きです", True),
        ("Мне нравится кино", True),
        ("나는 영화를 좋아한다", True),
        ("The Chinese for film is 电影", False),
    ],
)
def test_what_an_english_tokenizer_cannot_read(text, unread):
    assert unread_share(minilm(), [text]) == float(unread)


def test_the_share_is_of_texts_with_letters():
    assert unread_share(minilm(), ["tea", "看电影很好", "🙂", "2026", ""]) == 0.5
    assert unread_share(minilm(), ["🙂", ""]) == 0.0
    assert unread_share(minilm(), []) == 0.0


def test_of_many_texts_an_even_sample_is_read():
    texts = (["tea"] * 3 + ["看电影很好"]) * 1_250
    assert unread_share(minilm(), texts) == pytest.approx(0.25, abs=0.05)
    assert unread_share(minilm(), ["看电影很好"] * 10 + ["tea"] * 4_990) == pytest.approx(0.002, abs=0.002)


def test_a_letter_in_pieces_of_bytes_is_unread():
    vocabulary = {letter: place for place, letter in enumerate(sorted(ByteLevel.alphabet()))}
    tokenizer = Tokenizer(BPE(vocabulary, []))
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    tokenizer.decoder = ByteLevelDecoder()
    assert unread_share(tokenizer, ["plain tea"]) == 0.0
    assert unread_share(tokenizer, ["看电影很好"]) == 1.0
