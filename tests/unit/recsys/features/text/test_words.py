"""What is counted as a word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from recsys.encoders import build_encoder
from recsys.features.text.words import words_of

SCIENCE_FICTION_FAN = "我非常喜欢看电影，特别是科幻电影。"
SCIENCE_FICTION_FILM = "这是一部全新的科幻电影，描述了一个未来的世界。"
WEATHER = "今天的天气很好，我们去公园散步。"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A red Kettle, don't", ["red", "kettle", "don"]),
        ("科幻电影", ["科", "幻", "电", "影", "科幻", "幻电", "电影"]),
        ("看 iPhone15手机!", ["iphone15", "看", "手", "机", "手机"]),
        ("映画ファン", ["映", "画", "フ", "ァ", "ン", "映画", "画フ", "ファ", "ァン"]),
        ("영화 좋다", ["영", "화", "영화", "좋", "다", "좋다"]),
        ("", []),
    ],
)
def test_known_answers(text, words):
    assert words_of(text) == words


@given(st.text(st.characters(exclude_categories=["Cs"], max_codepoint=0x10FF), max_size=60))
def test_scripts_with_spaces_are_counted_as_scikit_learn_does(text):
    assert words_of(text) == CountVectorizer().build_analyzer()(text)


def test_tfidf_finds_what_two_chinese_sentences_share():
    encoder = build_encoder("tfidf")
    texts = [SCIENCE_FICTION_FAN, SCIENCE_FICTION_FILM, WEATHER]
    encoder.fit(texts)
    vectors = encoder.encode(texts).toarray()
    assert vectors[0] @ vectors[1] > 2 * (vectors[0] @ vectors[2]) > 0, "they share 我 and 的 alone"
    assert vectors[0] @ vectors[1] > vectors[1] @ vectors[2]
