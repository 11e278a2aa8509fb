"""Objects with large arrays over a pipe, without a second copy of the arrays in the process that sends them."""

from __future__ import annotations

import pickle
from multiprocessing.connection import Connection
from typing import Any


def send(connection: Connection, message: Any) -> None:
    """Send anything that can be pickled; contiguous arrays go as they lie in memory."""
    buffers: list[pickle.PickleBuffer] = []
    content = pickle.dumps(message, protocol=5, buffer_callback=buffers.append)
    connection.send([buffer.raw().nbytes for buffer in buffers])
    connection.send_bytes(content)
    for buffer in buffers:
        connection.send_bytes(buffer.raw())


def receive(connection: Connection) -> Any:
    """What the other side sent. Raises EOFError when it is gone."""
    buffers = [bytearray(n_bytes) for n_bytes in connection.recv()]
    content = connection.recv_bytes()
    for buffer in buffers:
        if buffer:
            connection.recv_bytes_into(buffer)
        else:
            connection.recv_bytes()
    return pickle.loads(content, buffers=buffers)
