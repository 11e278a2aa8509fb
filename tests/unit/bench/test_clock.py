"""Clocks: one that is real, one that moves only when it is waited on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.clock import MonotonicClock, VirtualClock, check_clock


@given(st.lists(st.integers(-10, 10**12), max_size=20))
def test_virtual_time_is_the_latest_deadline_so_far(deadlines_ns):
    clock = VirtualClock()
    for place, deadline_ns in enumerate(deadlines_ns):
        clock.wait_until_ns(deadline_ns)
        assert clock.now_ns() == max(0, *deadlines_ns[: place + 1])


@pytest.mark.parametrize("wait_ns", [50_000, 2_000_000])
def test_real_time_is_never_short_of_its_deadline_and_spinning_is_counted(wait_ns):
    clock = MonotonicClock(spin_ns=200_000)
    start_ns = clock.now_ns()
    clock.wait_until_ns(start_ns + wait_ns)
    waited_ns = clock.now_ns() - start_ns
    assert waited_ns >= wait_ns
    assert 0 <= clock.spun_ns <= waited_ns


def test_a_deadline_that_is_past_costs_no_spinning():
    clock = MonotonicClock()
    clock.wait_until_ns(clock.now_ns() - 1)
    assert clock.spun_ns == 0


def test_the_self_test_finds_a_clock_that_never_goes_back():
    quality = check_clock(2_000)
    assert quality.monotonic
    assert quality.resolution_ns > 0
    assert quality.cost_ns > 0
