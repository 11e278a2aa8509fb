"""An answer put together from whatever pieces it comes in, and what must not be taken for part of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.measure.http.failures import NotHttp
from bench.measure.http.reply import ReplyParser

INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
ANSWER = b"HTTP/1.1 201 Made\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 4\r\n\r\nbody"


def fed(*pieces):
    parser = ReplyParser()
    for piece in pieces:
        parser.feed(piece)
    return parser


@given(before=st.integers(0, 2), cuts=st.lists(st.integers(0, 130), max_size=4))
def test_wherever_it_is_cut_and_whatever_announces_it(before, cuts):
    content = before * INTERIM + ANSWER
    places = sorted({0, len(content), *(cut for cut in cuts if cut < len(content))})
    parser = fed(*(content[low:high] for low, high in zip(places, places[1:], strict=False)))
    assert parser.is_whole and parser.keeps_alive
    assert (parser.reply.status, bytes(parser.reply.body), parser.reply.headers["x-a"]) == (201, b"body", "1, 2")
    assert "link" not in parser.reply.headers


@pytest.mark.parametrize("more", [ANSWER, b"HTTP/1.1 500 No\r\n\r\n", b"not HTTP at all"])
def test_what_follows_an_answer_ends_the_connection_and_changes_nothing(more):
    parser = fed(ANSWER + more)
    assert (parser.reply.status, bytes(parser.reply.body), parser.is_whole) == (201, b"body", True)
    assert not parser.keeps_alive


def test_what_is_no_answer_is_said_to_be_none():
    with pytest.raises(NotHttp):
        fed(INTERIM, b"SSH-2.0-OpenSSH\r\n")
