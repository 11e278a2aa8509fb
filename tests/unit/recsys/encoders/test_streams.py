"""Streams compute what one thread computes, batch for batch, and leave few batches to all cores."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures.thread import BrokenThreadPool

import numpy as np
import pytest

from recsys.encoders import ENCODERS, build_encoder
from recsys.encoders.streams import Streams

TINY = {"model": "bert-tiny-uncased", "weights": "random"}
TEXTS = [f"{'a long story of the sea and ' * (n % 7)}a red bicycle number {n}" for n in range(300)]


@pytest.fixture
def started() -> list[str]:
    return []


@pytest.fixture
def streams(started: list[str]) -> Iterator[Streams]:
    made = Streams(3, lambda: lambda: started.append(threading.current_thread().name))
    yield made
    made.close()


def test_each_thread_is_started_once_before_the_first_batch(streams: Streams, started: list[str]) -> None:
    assert not started, "no threads where there are no batches for them"
    for _ in range(2):
        streams.map(str, [*range(3)])
        assert len(set(started)) == len(started) == 3


def test_streams_that_nobody_closes_end_with_their_owner() -> None:
    streams = Streams(2, lambda: lambda: None)
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("stream")]
    ours = {*streams.map(lambda _: threading.current_thread(), [*range(9)])} - {*threads}
    assert ours
    del streams
    for thread in ours:
        thread.join(timeout=10)
        assert not thread.is_alive()


def test_results_are_in_order_and_from_other_threads(streams: Streams) -> None:
    found = list(streams.map(lambda n: (n * n, threading.current_thread() is threading.main_thread()), [*range(20)]))
    assert found == [(n * n, False) for n in range(20)]


def test_fewer_batches_than_streams_stay_with_the_caller(streams: Streams) -> None:
    assert list(streams.map(lambda n: threading.current_thread() is threading.main_thread(), [1, 2])) == [True, True]


def test_an_error_of_one_batch_is_the_callers(streams: Streams) -> None:
    def fail(n: int) -> int:
        if n == 4:
            raise OSError("no more")
        return n

    with pytest.raises(OSError, match="no more"):
        list(streams.map(fail, [*range(9)]))


def test_a_library_that_cannot_be_held_to_one_core_is_an_error_and_no_wait() -> None:
    def refuse() -> None:
        raise OSError("no such thing here")

    with pytest.raises(BrokenThreadPool):
        Streams(2, lambda: refuse).map(str, [1, 2])


def test_each_thread_has_what_its_own_start_answered() -> None:
    streams = Streams(3, lambda: threading.get_ident)
    assert all(own == ident for own, ident in streams.map(lambda _: (streams.own, threading.get_ident()), [*range(20)]))
    assert streams.own is None, "the caller is no stream"
    streams.close()


@pytest.mark.parametrize(
    ("kind", "precision"), [("transformer", "fp32"), ("transformer", "fp16"), ("onnx", "fp32"), ("onnx", "int8")]
)
def test_vectors_do_not_depend_on_the_number_of_streams(kind: str, precision: str) -> None:
    one, two = (build_encoder(kind, precision=precision, threads=threads, **TINY) for threads in (1, 2))
    assert np.array_equal(one.encode(TEXTS), two.encode(TEXTS))
    one.close()
    two.close()


@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
def test_streams_of_openvino_compute_its_vectors(precision: str) -> None:
    """Within its tolerance: on other numbers of cores it may sum in another order."""
    pytest.importorskip("openvino")
    encoder = build_encoder("openvino", precision=precision, threads=2, batch_tokens=64, **TINY)
    together = encoder.encode(TEXTS)
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    assert np.einsum("ij,ij->i", together, alone).min() > 1 - encoder.info.batch_tolerance
    encoder.close()


@pytest.mark.parametrize("kind", ["transformer", "onnx", "openvino"])
def test_many_batches_are_computed_in_streams_and_one_by_the_caller(kind: str, monkeypatch) -> None:
    if ENCODERS.entry(kind).missing:
        pytest.skip(f"{kind} needs {', '.join(ENCODERS.entry(kind).missing)}")
    encoder = build_encoder(kind, threads=2, batch_tokens=64, **TINY)
    computed_by, embed = [], encoder._embed
    monkeypatch.setattr(
        encoder, "_embed", lambda *batch: (computed_by.append(threading.current_thread()), embed(*batch))[1]
    )
    encoder.encode(TEXTS[:1])
    assert computed_by == [threading.current_thread()]
    computed_by.clear()
    encoder.encode(TEXTS)
    streams = set(computed_by)
    assert len(streams) == 2
    assert threading.current_thread() not in streams
    encoder.close()
    assert not any(thread.is_alive() for thread in streams)


def test_a_text_alone_keeps_all_cores() -> None:
    import torch

    encoder = build_encoder("transformer", threads=2, **TINY)
    encoder.encode(TEXTS)
    assert torch.get_num_threads() == 2
    encoder.close()
