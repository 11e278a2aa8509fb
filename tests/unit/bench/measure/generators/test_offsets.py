"""The offset of another clock, in virtual time: exact where both ways take as long, within its error where not."""

from hypothesis import given
from hypothesis import strategies as st

from bench.clock import VirtualClock
from bench.measure.generators.offsets import measure_offset

WAYS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=30)


def asked(clock, ways, offset_ns):
    """Answers with their reading, after the way there and before the way back."""
    left = iter(ways)

    def their_now_ns():
        there_ns, back_ns = next(left)
        clock.wait_until_ns(clock.now_ns() + there_ns)
        reading_ns = clock.now_ns() + offset_ns
        clock.wait_until_ns(clock.now_ns() + back_ns)
        return reading_ns

    return their_now_ns


@given(WAYS, st.integers(-(10**15), 10**15))
def test_it_is_within_its_error(ways, offset_ns):
    clock = VirtualClock()
    found = measure_offset(asked(clock, ways, offset_ns), clock, pings=len(ways))
    assert abs(found.measured_ns - offset_ns) <= found.error_ns + 1
    assert found.error_ns <= min(there + back for there, back in ways) / 2 + 1
    assert found.ns in (0, found.measured_ns)


def test_the_quickest_answer_counts():
    clock = VirtualClock()
    found = measure_offset(asked(clock, [(900, 100), (50, 50), (0, 4000)], 7_000_000), clock, pings=3)
    assert (found.measured_ns, found.error_ns, found.ns) == (7_000_000, 50, 7_000_000)


def test_what_cannot_be_told_from_one_clock_is_none():
    clock = VirtualClock()
    found = measure_offset(asked(clock, [(300, 100)], 0), clock, pings=1)
    assert (found.measured_ns, found.error_ns, found.ns) == (100, 200, 0)
