"""What comes out of the pipe is what went in, arrays included."""

import multiprocessing
import threading

import numpy as np
import pytest

from bench.measure.wire import receive, send


def over_the_pipe(message):
    ours, theirs = multiprocessing.Pipe()
    sender = threading.Thread(target=send, args=(theirs, message))
    sender.start()
    received = receive(ours)
    sender.join()
    return received


@pytest.mark.parametrize("n", [0, 1, 1_000_000])
def test_arrays_arrive_as_they_were_and_can_be_written_to(n):
    stamps_ns = np.arange(n, dtype=np.int64)
    lists = np.arange(3 * n, dtype=np.int32).reshape(n, 3)
    received = over_the_pipe({"stamps": stamps_ns, "lists": lists, "word": "ok"})
    assert (received["stamps"] == stamps_ns).all()
    assert received["lists"].shape == (n, 3)
    assert (received["lists"] == lists).all()
    assert received["word"] == "ok"
    received["stamps"] -= 1


def test_an_array_that_stands_twice_is_sent_once():
    stamps_ns = np.arange(10)
    first, second = over_the_pipe([stamps_ns, stamps_ns])
    assert first is second


def test_the_end_of_the_other_side_is_told():
    ours, theirs = multiprocessing.Pipe()
    theirs.close()
    with pytest.raises(EOFError):
        receive(ours)
