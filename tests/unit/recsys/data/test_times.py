"""Times as numbers and as ISO 8601."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.times import all_epoch_seconds, epoch_seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        (" 1577923201 ", 1577923201),
        ("1577923201.9", 1577923201),
        ("1.577923201e9", 1577923201),
        ("-1.5", -2),
        ("2020-01-02", 1577923200),
        ("2020-01-02T00:00:01", 1577923201),
        ("2020-01-02 00:00:01.75", 1577923201),
        ("2020-01-02T00:00:01Z", 1577923201),
        ("2020-01-02T02:00:01+02:00", 1577923201),
        ("1969-12-31", -86400),
    ],
)
def test_reads(text, seconds):
    assert epoch_seconds(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "soon", "nan", "inf", "-inf", "1e300", "2020-13-01", "12:30", "1577923201000", "١٢/٣"]
)
def test_refuses(text):
    assert math.isnan(epoch_seconds(text))


def test_milliseconds_count_numbers_only():
    assert epoch_seconds("1577923201999", "ms") == 1577923201
    assert epoch_seconds("2020-01-02", "ms") == 1577923200


@pytest.mark.parametrize("unit", ["s", "ms"])
@given(
    texts=st.lists(
        st.sampled_from(["0", " 7 ", "1577923202.9", "-3.5", "nan", "inf", "1e30", "soon", "", "2020-01-02T00:00:01Z"])
        | st.integers(-(10**14), 10**14).map(str),
        max_size=6,
    )
)
def test_all_at_once_are_what_they_are_one_by_one(texts, unit):
    one_by_one = [epoch_seconds(text, unit) for text in texts]
    assert all_epoch_seconds(texts, unit).tolist() == pytest.approx(one_by_one, abs=0, nan_ok=True)
