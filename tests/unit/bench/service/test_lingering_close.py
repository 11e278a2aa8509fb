"""Who is refused while still sending reads why; who goes on sending is cut off."""

import socket
import time

import pytest

pytest.importorskip("uvicorn", reason="the extra serve is not installed")
pytest.importorskip("httptools", reason="the extra serve is not installed")

from protocol_server import listening, whole_answer  # noqa: E402 it needs the extra

from bench.service.bounded_head import BoundedHead  # noqa: E402 it needs the extra

LINGER_S = 1.0
LINGER_BYTES = 1 << 21
HEAD = b"POST /last HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n"
PART = b"x" * (1 << 18)


class Lingering(BoundedHead):
    LINGER_S = LINGER_S
    LINGER_BYTES = LINGER_BYTES


@pytest.fixture(scope="module")
def address():
    with listening(Lingering) as where:
        yield where


def test_whoever_sends_on_after_the_answer_still_reads_it(address):
    with socket.create_connection(address, 10) as sock:
        sock.sendall(HEAD)
        for _ in range(4):
            time.sleep(0.05)  # the answer is sent, and its connection ended, before this part comes
            sock.sendall(PART)
        assert whole_answer(sock).endswith(b"ok")


def test_a_head_that_is_not_http_and_goes_on_is_told_so(address):
    with socket.create_connection(address, 10) as sock:
        sock.sendall(b"\x16\x03\x01 nonsense\r\n\r\n")
        time.sleep(0.05)
        sock.sendall(PART)
        assert whole_answer(sock).startswith(b"HTTP/1.1 400")


def send_on(sock, seconds, rest_s):
    """Parts until the other side ends it, or the seconds have passed."""
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        sock.sendall(PART)
        time.sleep(rest_s)


@pytest.mark.parametrize("rest_s", [0.0, 0.25], ids=["much", "long"])
def test_whoever_sends_too_much_or_too_long_is_cut_off(address, rest_s):
    with socket.create_connection(address, 10) as sock:
        sock.sendall(HEAD)
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            send_on(sock, 20, rest_s)


def test_a_whole_request_is_ended_at_once(address):
    with socket.create_connection(address, 10) as sock:
        sock.sendall(b"POST /last HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx")
        assert whole_answer(sock).endswith(b"ok")
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            send_on(sock, LINGER_S / 2, 0.01)


def test_nor_does_one_linger_whose_body_came_after_its_answer(address):
    with socket.create_connection(address, 10) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n")
        assert sock.recv(65536).endswith(b"ok")
        sock.sendall(b"x")
        time.sleep(0.05)
        sock.sendall(b"POST /last HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        assert whole_answer(sock).endswith(b"ok")
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            send_on(sock, LINGER_S / 2, 0.01)
