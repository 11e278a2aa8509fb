"""Cleaning of text: what is done where nothing is said, which steps there are, and in which order they come."""

import html
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

import recsys.features.text
from recsys.errors import BadOptions, UnknownKind
from recsys.features.text import TEXT_STEPS, build_cleaner, check_steps, clean_text

ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=80)
MARKED_UP = st.text(st.sampled_from("ab <>/&;!#x3amp\u0301\u00e9\x07\n"), max_size=60)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  a\t b\n\nc ", "a b c"),
        ("<p>Tea &amp; <b>kettles</b></p>", "Tea & kettles"),
        ("5 < 6 and 7 > 3", "5 < 6 and 7 > 3"),
        ("I <3 tea <br/>now<!-- never shown -->", "I <3 tea now"),
        ("bell\x07 and \ud800surrogate", "bell and surrogate"),
        ("cafe\u0301", "café"),
        ("", ""),
    ],
)
def test_known_answers(raw, clean):
    assert clean_text(raw) == clean


def before_there_were_steps(text):
    """What cleaning was when results were pinned."""
    if "<" in text or "&" in text:
        text = re.sub(r"<(?:/?[A-Za-z]|!)[^<>]{0,200}>", " ", html.unescape(text))
    text = unicodedata.normalize("NFC", re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]", " ", text))
    return re.sub(r"\s+", " ", text).strip()


@given(st.one_of(ANY_TEXT, MARKED_UP))
def test_the_defaults_are_what_was_done_before_there_were_steps(raw):
    assert clean_text(raw) == before_there_were_steps(raw)


@given(ANY_TEXT)
def test_any_text_comes_out_writable_and_without_runs_of_space(raw):
    clean = clean_text(raw)
    clean.encode("utf-8")
    assert clean == " ".join(clean.split())


@pytest.mark.parametrize("off", [False, "keep"])
def test_without_steps_a_text_keeps_all_but_its_runs_of_space(off):
    raw = build_cleaner({"markup": off, "normalise": off})
    assert raw.steps == ()
    assert raw(" <b>Tea</b> &amp;  cafe\u0301 ") == "<b>Tea</b> &amp; cafe\u0301"


def test_steps_come_in_the_order_that_the_page_on_them_states():
    stated = re.findall(r"([a-z_]+) (\d\d)", recsys.features.text.__doc__)
    assert {kind for kind, _ in stated} == set(TEXT_STEPS.kinds())
    assert all(int(order) == TEXT_STEPS.get(kind).ORDER for kind, order in stated)
    cleaner = build_cleaner(dict.fromkeys(reversed([kind for kind, _ in stated]), True))
    assert [type(step) for step in cleaner.steps] == [TEXT_STEPS.get(kind) for kind, _ in stated]


def test_a_plain_value_is_the_main_option():
    assert build_cleaner({"stem": "german"})("Häuser") == "haus"
    assert build_cleaner({"stem": {"language": "german"}})("Häuser") == "haus"
    assert build_cleaner({"normalise": "NFKC"})("ﬁne ｔｅａ") == "fine tea"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"emoij": True}, 'unknown text step "emoij" .did you mean "emoji".*Known:.*stop_words'),
        ({"emoji": "shout"}, "how.*shout.*drop"),
        ({"urls": "drop"}, 'text step "urls" = .*true, false, or a table'),
        ({"spelling": {"max_edit": 1}}, "max_edit.*did you mean.*max_edits"),
        ({"urls": {"how": "drop"}}, "unknown option"),
    ],
)
def test_what_a_step_does_not_take_is_refused(settings, message):
    with pytest.raises((BadOptions, UnknownKind), match=message):
        check_steps(settings)
    with pytest.raises((BadOptions, UnknownKind), match=message):
        build_cleaner(settings)


def test_an_unknown_language_is_refused_with_the_known_ones():
    with pytest.raises(BadOptions, match='stem.*"klingon".*Known: arabic.*yiddish'):
        build_cleaner({"stem": "klingon"})


def test_a_step_learns_from_texts_as_the_steps_before_it_leave_them():
    cleaner = build_cleaner({"spelling": {"dictionary": "none"}, "case_folding": True, "stem": True})
    cleaner.fit(["<kettles>kettles", "KETTLES &amp; pots", "<i>kettles</i>"])
    assert cleaner("ketles") == "kettl", "mended into the catalogue's word, then stemmed; not into its stem"
