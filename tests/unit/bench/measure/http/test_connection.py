"""One connection against real sockets: what ends it, and what the other side has ended meanwhile."""

import select
import socket
import ssl
import struct
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import trustme
from faulty_service import reply

from bench.measure.http.address import Address
from bench.measure.http.connection import Connection
from bench.measure.http.failures import ConnectionLost, NotConnected
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


def wait(connection):
    """Until its socket can go on with what it waits for."""
    this = [connection]
    ready = select.select(this, this if connection.wants_to_write else [], [], 10)
    assert any(ready[:2])


def begin(connection):
    """Send, whatever that takes."""
    connection.send(REQUEST)
    leave(connection)


def leave(connection):
    """Go on with sending until the request has left."""
    while connection.wants_to_write:
        wait(connection)
        connection.write()


def answered(connection):
    while (found := connection.read()) is None:
        wait(connection)
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
    begin(connection)
    second, _ = listener.accept()
    with second:
        assert second.recv(4096) == REQUEST
        second.sendall(reply([1]))
        found = answered(connection)
    assert bytes(found.body) == b"[1]"
    assert connection.reopened == 1


def test_one_that_nobody_takes_anew_is_a_failure_of_its_request(listener, connection):
    first, _ = listener.accept()
    first.close()
    listener.close()
    with pytest.raises(NotConnected, match="ConnectionRefusedError"):
        begin(connection)


@pytest.fixture
def certificates():
    """Contexts of a server and of a client that trusts it."""
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    return server, client


def test_to_be_opened_anew_holds_nobody_up_however_long_the_other_side_takes(listener, certificates):
    server, client = certificates
    connection = Connection(Address("https", "127.0.0.1", listener.getsockname()[1], ""), client)
    with ThreadPoolExecutor(1) as crew:
        opened = crew.submit(connection.open, 10.0)
        first = server.wrap_socket(listener.accept()[0], server_side=True)
        opened.result()
        with suppress(OSError):
            first.close()
        begin(connection)
        assert select.select([connection], [], [], 0)[0] == [], "the other side has not begun to shake hands"
        assert connection.read() is None
        second = crew.submit(server.wrap_socket, listener.accept()[0], server_side=True)
        while connection.read() is None and not second.done():
            select.select([connection], [], [], 0.01)
        with second.result() as other:
            assert other.recv(4096) == REQUEST
            other.sendall(reply([1]))
            assert answered(connection).body == b"[1]"
    connection.close()
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
