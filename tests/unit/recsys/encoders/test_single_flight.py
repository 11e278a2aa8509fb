"""What one thread computes the others wait for, one batch has computed the next does not, and an error hangs none."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from small_data import make_dataset
from small_recommender import make_scenario

from bench.clock import VirtualClock
from bench.measure.arm import build_arm
from recsys.caches import build_cache
from recsys.encoders.batching import forward_all
from recsys.encoders.cached import CachedEncoder
from recsys.encoders.protocol import EncoderInfo
from recsys.types import TokenIds

LIMIT_S = 20


class Gated:
    """One token a character; stands still in forward until its gate is open, then computes or raises."""

    def __init__(self, error: Exception | None = None) -> None:
        self.info = EncoderInfo(dim=2, device="cpu", precision="fp32")
        self.computed: list[str] = []
        self.batches: list[int] = []
        self.error = error
        self.entered, self.gate = threading.Event(), threading.Event()

    def fit(self, texts: Sequence[str]) -> None: ...

    def prepare(self, texts: Sequence[str]) -> TokenIds:
        return TokenIds.from_lists([[ord(letter) for letter in text] for text in texts])

    def forward(self, prepared: TokenIds) -> np.ndarray:
        self.entered.set()
        assert self.gate.wait(LIMIT_S)
        if self.error is not None:
            raise self.error
        self.batches.append(len(prepared) * int(prepared.n_tokens.max()))
        rows = [prepared.take(np.array([row])).ids for row in range(len(prepared))]
        self.computed += ["".join(map(chr, row)) for row in rows]
        angles = np.array([row.sum() for row in rows], np.float32)
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return self.forward(self.prepare(texts))

    def close(self) -> None: ...


def opened(error: Exception | None = None) -> Gated:
    encoder = Gated(error)
    encoder.gate.set()
    return encoder


def caching(encoder: Gated) -> CachedEncoder:
    return CachedEncoder(encoder, build_cache("memory", {}))


class Running:
    """Work in a thread of its own, and what came of it."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.result: object = None
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[], object]) -> None:
        try:
            self.result = work()
        except Exception as error:  # noqa: BLE001 the test looks at it
            self.error = error

    def end(self) -> Running:
        self._thread.join(LIMIT_S)
        assert not self._thread.is_alive(), "it hangs"
        return self


@pytest.mark.parametrize("call", ["encode", "forward", "forward_all"])
def test_two_threads_that_miss_the_same_text_encode_it_once(call: str) -> None:
    slow, other = Gated(), opened()
    first = caching(slow)
    second = first.beside(other)

    def work(encoder: CachedEncoder, texts: list[str]) -> Callable[[], object]:
        return lambda: getattr(encoder, call)(texts if call == "encode" else encoder.prepare(texts))

    one = Running(work(first, ["aa", "b"]))
    assert slow.entered.wait(LIMIT_S)
    two = Running(work(second, ["b", "ccc", "aa"]))
    assert other.entered.wait(LIMIT_S), "its own text does not wait for the other's"
    slow.gate.set()
    one.end(), two.end()
    assert (sorted(slow.computed), other.computed) == (["aa", "b"], ["ccc"])
    vectors = two.result.vectors if call == "forward_all" else two.result  # type: ignore[attr-defined]
    assert np.array_equal(vectors, opened().encode(["b", "ccc", "aa"]))
    if call == "forward_all":
        assert two.result.n_tokens.tolist() == [0, 3, 0], "waiting costs no tokens"  # type: ignore[attr-defined]
        assert two.result.padded_tokens == 3  # type: ignore[attr-defined]


def test_an_error_wakes_those_that_wait_and_they_try_themselves() -> None:
    broken, sound = Gated(ValueError("broken")), opened()
    first = caching(broken)
    second = first.beside(sound)
    missed = second.prepare(["a"])
    one = Running(lambda: first.encode(["a"]))
    assert broken.entered.wait(LIMIT_S)
    two = Running(lambda: second.forward(missed))
    broken.gate.set()
    assert isinstance(one.end().error, ValueError)
    assert np.array_equal(two.end().result, opened().encode(["a"]))  # type: ignore[arg-type]
    assert sound.computed == ["a"]


def test_an_error_of_all_is_raised_to_each() -> None:
    leading = Gated(ValueError("first"))
    first = caching(leading)
    others = [first.beside(opened(ValueError(f"own {place}"))) for place in range(3)]
    one = Running(lambda: first.encode(["a"]))
    assert leading.entered.wait(LIMIT_S)
    rest = [Running(lambda encoder=encoder: encoder.encode(["a"])) for encoder in others]
    leading.gate.set()
    assert str(one.end().error) == "first"
    assert [str(each.end().error) for each in rest] == ["own 0", "own 1", "own 2"]
    leading.error = None
    assert np.array_equal(first.encode(["a"]), opened().encode(["a"])), "nothing is left behind"


def test_many_threads_and_few_texts_encode_each_text_once() -> None:
    encoders = [opened() for _ in range(4)]
    first = caching(encoders[0])
    crew = [first, *(first.beside(encoder) for encoder in encoders[1:])]
    texts = [f"text {number}" for number in range(30)]
    start = threading.Barrier(len(crew))

    def work(place: int) -> np.ndarray:
        start.wait(LIMIT_S)
        drawn = np.random.default_rng(place)
        for _ in range(40):
            asked = drawn.choice(texts, 5).tolist()
            assert np.array_equal(crew[place].encode(asked), opened().encode(asked))
        return crew[place].encode(texts)

    running = [Running(lambda place=place: work(place)) for place in range(len(crew))]
    expected = opened().encode(texts)
    for each in running:
        assert each.end().error is None
        assert np.array_equal(each.result, expected)  # type: ignore[arg-type]
    assert sorted(text for encoder in encoders for text in encoder.computed) == sorted(texts)


def test_what_another_batch_has_encoded_meanwhile_is_not_encoded_again() -> None:
    """Two requests of a queue are prepared together and served one after the other."""
    inner = opened()
    cached = caching(inner)
    earlier, later = cached.prepare(["aa", "b"]), cached.prepare(["b", "aa", "ccc"])
    forward_all(cached, earlier)
    computed = forward_all(cached, later)
    assert inner.computed == ["b", "aa", "ccc"], "the first batch by length, then what is new"
    assert computed.n_tokens.tolist() == [0, 0, 3]
    assert np.array_equal(computed.vectors, opened().encode(["b", "aa", "ccc"]))


def test_a_batch_with_hits_and_repeats_encodes_each_text_once_and_counts_its_padding() -> None:
    inner = opened()
    cached = caching(inner)
    cached.encode(["known"])
    inner.batches.clear(), inner.computed.clear()
    computed = forward_all(cached, cached.prepare(["aaa", "known", "b", "aaa", "b", "aaa"]))
    assert inner.computed == ["b", "aaa"]
    assert computed.n_tokens.tolist() == [3, 0, 1, 0, 0, 0]
    assert computed.padded_tokens == sum(inner.batches) == 6
    assert np.array_equal(computed.vectors, opened().encode(["aaa", "known", "b", "aaa", "b", "aaa"]))


def test_the_workers_of_an_arm_share_one_cache() -> None:
    arm = {"name": "a", "encoder": {"kind": "fake"}, "placement": "items", "workers": 3, "cache": {}}
    scenario = make_scenario(arm)
    built = build_arm(scenario, scenario.arm[0], make_dataset(), VirtualClock())
    encoders = [member.recommender.parts.encoder for member in built.crew]
    assert len({id(encoder) for encoder in encoders}) == 3
    assert all(isinstance(encoder, CachedEncoder) for encoder in encoders)
    encoders[0].encode(["a text"])
    assert encoders[2].prepare(["a text"]).n_tokens.tolist() == [0]
    assert built.cache is encoders[1].store  # type: ignore[attr-defined]
