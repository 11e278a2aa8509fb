"""The Server-Timing header: what is written is read back to the nanosecond, and nothing that others write breaks it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.serving.protocols import STAGES
from recsys.serving.server_timing import format_server_timing, parse_server_timing


@given(st.dictionaries(st.sampled_from(["queue", *STAGES]), st.integers(0, 10**13)))
def test_lengths_come_back_to_the_nanosecond(lengths_ns):
    assert parse_server_timing(format_server_timing(lengths_ns)) == lengths_ns


@pytest.mark.parametrize(
    ("header", "lengths_ns"),
    [
        ("", {}),
        ("db;dur=53, app;dur=47.2", {"db": 53_000_000, "app": 47_200_000}),
        ('cache;desc="a, b; dur=9";dur=2', {"cache": 2_000_000}),
        ('db ; dur = "1.5"', {"db": 1_500_000}),
        ("miss, db;dur=1, db;dur=2", {"db": 3_000_000}),
        ("a;dur=nan, b;dur=inf, c;dur=-1, d;dur=x, e;dur=1e30, f;dur=", {}),
        ('"unclosed;dur=1', {"unclosed": 1_000_000}),
        (",,;;dur=1;,", {}),
    ],
)
def test_what_others_write_is_read_as_far_as_it_can_be(header, lengths_ns):
    assert parse_server_timing(header) == lengths_ns


@given(st.text(max_size=60))
def test_garbage_gives_lengths_or_nothing(header):
    assert all(length_ns >= 0 for length_ns in parse_server_timing(header).values())
