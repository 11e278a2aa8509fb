"""A user's text never loses its newest titles to the length that a model reads."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.encoders import build_encoder
from recsys.features.fitting_text import FittingText
from recsys.features.profile import Profile
from recsys.features.user_text import user_text

FRAME = 2


class Words:
    """Counts words and commas as tokens, in a frame of two special ones."""

    def __init__(self, max_tokens):
        self.info = SimpleNamespace(max_tokens=max_tokens)

    def prepare(self, texts):
        counts = [FRAME + len(text.split()) + text.count(",") for text in texts]
        return SimpleNamespace(n_tokens=np.array(counts, np.int64))


def profile(*items, query=""):
    rows = np.array(items, np.int32)
    return Profile(rows, np.ones(len(rows), np.float32), np.unique(rows), query)


TITLES = ["one", "two words", "three words here", "four words are here"]


def test_all_titles_stay_where_they_fit():
    """One, two, three and one words, and three commas: ten tokens."""
    assert FittingText(TITLES, Words(FRAME + 10))(profile(0, 1, 2, 0)) == user_text(profile(0, 1, 2, 0), TITLES)


def test_the_oldest_go_first():
    assert FittingText(TITLES, Words(FRAME + 8))(profile(0, 1, 2)) == "one, two words, three words here"
    assert FittingText(TITLES, Words(FRAME + 7))(profile(0, 1, 2)) == "two words, three words here"
    assert FittingText(TITLES, Words(FRAME + 3))(profile(0, 1, 2)) == "three words here"


def test_one_title_is_left_however_long():
    assert FittingText(TITLES, Words(FRAME + 1))(profile(0, 3)) == "four words are here"


def test_queries_and_empty_histories_are_as_they_are():
    text = FittingText(TITLES, Words(FRAME + 1))
    assert text(profile(0, 1, query="a long query of many words")) == "a long query of many words"
    assert text(profile()) == ""


def test_an_encoder_that_reads_everything_gets_everything():
    assert FittingText(TITLES, Words(0))(profile(*range(4))) == user_text(profile(*range(4)), TITLES)


def test_titles_that_change_are_learnt():
    titles = list(TITLES)
    text = FittingText(titles, Words(FRAME + 6))
    titles[1] = "a name of five words"
    text.learn([titles[1]], Words(FRAME + 6))
    assert text(profile(0, 1)) == "a name of five words"


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30), st.integers(FRAME + 1, 40))
def test_what_is_left_fits_and_one_more_would_not(items, max_tokens):
    encoder = Words(max_tokens)
    left = FittingText(TITLES, encoder)(profile(*items))
    n = left.count(",") + 1
    assert left == user_text(profile(*items[-n:]), TITLES)
    assert n == 1 or encoder.prepare([left]).n_tokens[0] <= max_tokens
    if n < len(items):
        assert encoder.prepare([user_text(profile(*items[-n - 1 :]), TITLES)]).n_tokens[0] > max_tokens


@pytest.mark.parametrize("kind", ["transformer", "onnx"])
def test_a_real_model_reads_the_newest_title(kind):
    encoder = build_encoder(kind, model="minilm", max_tokens=16)
    titles = [f"an item of the number {place}" for place in range(20)] + ["zebra"]
    text = FittingText(titles, encoder)(profile(*range(21)))
    assert text.endswith("zebra")
    full, cut = (encoder.encode([each])[0] for each in (text, user_text(profile(*range(20)), titles)))
    zebra = encoder.encode(["zebra"])[0]
    encoder.close()
    assert full @ zebra > cut @ zebra + 0.1
