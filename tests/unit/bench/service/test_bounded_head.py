"""A request's head that never ends, or never stops growing, ends its connection and no other."""

import socket
import time

import pytest

pytest.importorskip("uvicorn", reason="the extra serve is not installed")
pytest.importorskip("httptools", reason="the extra serve is not installed")

from protocol_server import listening, whole_answer  # noqa: E402 it needs the extra

from bench.service.bounded_head import BoundedHead  # noqa: E402 it needs the extra

HEAD_S = 0.4
GOOD = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class Impatient(BoundedHead):
    HEAD_S = HEAD_S
    HEAD_BYTES = 4096


@pytest.fixture(scope="module")
def address():
    """Where a server with these limits listens."""
    with listening(Impatient) as where:
        yield where


def connect(address):
    return socket.create_connection(address, 10)


def test_a_good_request_is_answered_again_and_again(address):
    with connect(address) as sock:
        for _ in range(3):
            sock.sendall(GOOD)
            assert sock.recv(65536).endswith(b"ok")
            time.sleep(HEAD_S / 4)


@pytest.mark.parametrize("part", [b"G", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nA: b"])
def test_half_a_head_ends_its_connection_at_the_limit(address, part):
    with connect(address) as slow:
        began_s = time.monotonic()
        slow.sendall(part)
        with connect(address) as other:
            other.sendall(GOOD)
            assert other.recv(65536).endswith(b"ok"), "nobody else waits"
        assert whole_answer(slow) == b""
        assert time.monotonic() - began_s >= HEAD_S * 0.9


def drip(sock, limit_s=20):
    """A header now and then, for as long as the other side takes it."""
    sock.sendall(b"GET / HTTP/1.1\r\n")
    until_s = time.monotonic() + limit_s
    while time.monotonic() < until_s:
        sock.sendall(b"A: b\r\n")
        time.sleep(0.05)


def test_a_head_that_drips_is_no_better(address):
    with connect(address) as slow, pytest.raises((BrokenPipeError, ConnectionResetError)):
        drip(slow)


def test_a_head_that_does_not_end_is_told_so(address):
    with connect(address) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\n" + b"X: " + b"x" * 6000)
        assert whole_answer(sock).startswith(b"HTTP/1.1 431")


def test_a_connection_may_rest_before_its_first_request(address):
    with connect(address) as sock:
        time.sleep(HEAD_S * 1.5)
        sock.sendall(GOOD)
        assert sock.recv(65536).endswith(b"ok")
