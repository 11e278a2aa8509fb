"""The fake encoder: known waits on an injected clock, vectors that depend on the text alone."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.encoders import build_encoder
from recsys.errors import BadOptions


class VirtualClock:
    """Time that passes only when it is waited for."""

    def __init__(self) -> None:
        self.time_ns = 0

    def now_ns(self) -> int:
        return self.time_ns

    def wait_until_ns(self, deadline_ns: int) -> None:
        self.time_ns = max(self.time_ns, deadline_ns)


def test_a_fixed_service_time_is_waited_for_each_text() -> None:
    clock = VirtualClock()
    encoder = build_encoder("fake", service_ms=2.5, clock=clock)
    vectors = encoder.forward(encoder.prepare(["a", "b", "c", "d"]))
    assert clock.time_ns == 10_000_000
    assert np.array_equal(encoder.encode(["a", "b", "c", "d"]), vectors)
    assert clock.time_ns == 10_000_000, "a catalogue is encoded at once"


def test_exponential_service_times_have_their_mean_and_deviation() -> None:
    clock = VirtualClock()
    encoder = build_encoder("fake", service_ms=2.0, law="exponential", seed=3, clock=clock)
    waits = []
    for text in map(str, range(5_000)):
        before = clock.time_ns
        encoder.forward(encoder.prepare([text]))
        waits.append(clock.time_ns - before)
    assert np.mean(waits) == pytest.approx(2e6, rel=0.05)
    assert np.std(waits) == pytest.approx(2e6, rel=0.07)


def test_a_wait_without_a_clock_is_refused() -> None:
    with pytest.raises(BadOptions, match="needs a clock"):
        build_encoder("fake", service_ms=1.0)


def test_vectors_depend_on_text_and_seed_alone() -> None:
    one, two = build_encoder("fake", dim=64), build_encoder("fake", dim=64)
    assert np.array_equal(one.encode(["a", "b"]), two.encode(["b", "a"])[::-1])
    cosines = one.encode(["a"]) @ one.encode([f"other {number}" for number in range(50)]).T
    assert np.abs(cosines).max() < 0.7
    assert not np.allclose(one.encode(["a"]), build_encoder("fake", dim=64, seed=1).encode(["a"]))
