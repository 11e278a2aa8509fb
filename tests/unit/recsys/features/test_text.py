"""Cleaning of text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.features.text import clean_text


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


@given(st.text(st.characters(exclude_categories=[]), max_size=80))
def test_any_text_comes_out_writable_and_without_runs_of_space(raw):
    clean = clean_text(raw)
    clean.encode("utf-8")
    assert clean == " ".join(clean.split())
