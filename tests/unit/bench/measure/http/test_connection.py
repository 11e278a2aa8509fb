"""One connection against real sockets: what ends it, and what the other side has ended meanwhile."""

import socket
import struct

import pytest
from faulty_service import reply

from bench.measure.http.address import Address
from bench.measure.http.connection import Connection
from bench.measure.http.failures import ConnectionLost
from bench.measure.http.message import Form

REQUEST = b"GET / HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n\r\n"
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing sends a reset."""


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        yield server


@pytest.fixture
def connection(listener):
    made = Connection(Address("http", "127.0.0.1", listener.getsockname()[1], ""))
    made.open(1.0)
    yield made
    made.close()


def answered(connection):
    while (found := connection.read()) is None:
        pass
    return found


def exchange(connection, other, answer):
    connection.send(REQUEST)
    assert other.recv(4096) == REQUEST
    other.sendall(answer)
    return answered(connection)


def test_one_connection_carries_one_request_after_another(listener, connection):
    first, _ = listener.accept()
    with first:
        bodies = [exchange(connection, first, reply([number])).body for number in range(3)]
    assert bodies == [b"[0]", b"[1]", b"[2]"]
    assert connection.reopened == 0


def test_one_that_the_other_side_ended_while_it_rested_is_opened_anew_and_counted(listener, connection):
    first, _ = listener.accept()
    exchange(connection, first, reply({}))
    exchange(connection, first, reply({}))
    assert connection.reopened == 0
    first.close()
    connection.send(REQUEST)
    second, _ = listener.accept()
    with second:
        assert second.recv(4096) == REQUEST
        second.sendall(reply([1]))
        found = answered(connection)
    assert bytes(found.body) == b"[1]"
    assert connection.reopened == 1


def test_a_second_answer_is_not_taken_for_that_of_the_next_request(listener, connection):
    first, _ = listener.accept()
    with first:
        assert exchange(connection, first, reply([1]) + reply([2])).body == b"[1]"
        assert connection.fileno() == -1


def test_an_answer_before_the_request_has_left_ends_the_connection(listener, connection):
    first, _ = listener.accept()
    with first:
        connection.send(b"POST / HTTP/1.1\r\nContent-Length: 50000000\r\n\r\n" + bytes(50_000_000))
        assert connection.wants_to_write
        first.sendall(reply({}, "413 Too Large"))
        found = answered(connection)
    assert found.status == 413
    assert connection.fileno() == -1


@pytest.mark.parametrize("sent", [b"", reply({"a": 1})[:-3]])
@pytest.mark.parametrize("linger", [None, RESET], ids=["ended", "reset"])
def test_an_answer_cut_short_is_a_lost_connection(listener, connection, sent, linger):
    first, _ = listener.accept()
    connection.send(REQUEST)
    first.recv(4096)
    first.sendall(sent)
    if linger:
        first.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    first.close()
    with pytest.raises(ConnectionLost):
        answered(connection)


def test_a_header_replaces_the_usual_one_however_it_is_written():
    form = Form("POST", Address("http", "there", 80, "/"), "", {"content-type": "text/plain"})
    head = form.filled(b"x").lower()
    assert head.count(b"content-type") == 1
    assert b"content-type: text/plain" in head
