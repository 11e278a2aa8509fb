"""How an inbox waits: spinning only where a core is free for it."""

import pytest

from bench.clock import MonotonicClock, wake_lateness_ns
from bench.measure.waiting import LONGEST_SPIN_NS, Cores, choose_waiting, read_cores, settle_waiting


@pytest.mark.parametrize(
    ("workers", "cores", "why"),
    [
        (2, Cores(8, 0.0), "2 workers share the interpreter"),
        (1, Cores(1, 0.0), "1 usable cores"),
        (1, Cores(1.5, 0.0), "1.5 usable cores"),
        (1, Cores(2, 1.2), "others use 1.2 of 2 cores"),
        (1, Cores(16, 15.5), "others use 15.5 of 16 cores"),
    ],
)
def test_without_a_free_core_it_sleeps_and_says_why(workers, cores, why):
    waiting = choose_waiting(workers, cores)
    assert waiting.spin_us == 0
    assert why in waiting.why


@pytest.mark.parametrize("cores", [Cores(2, 0.3), Cores(16, 3.0)])
def test_with_a_free_core_it_spins_a_calibrated_stretch(cores):
    waiting = choose_waiting(1, cores)
    assert 0 < waiting.spin_us <= LONGEST_SPIN_NS / 1000
    assert "spinning" in waiting.why


def test_the_clock_waits_as_was_chosen():
    clock = MonotonicClock()
    waiting = settle_waiting(clock, workers=2)
    assert clock.spin_ns == 0 == waiting.spin_us
    start_ns = clock.now_ns()
    clock.wait_until_ns(start_ns + 1_000_000)
    assert clock.now_ns() - start_ns >= 1_000_000
    assert clock.spun_ns < 1_000_000, "asleep, but for the rest of a sleep that ended early"


def test_a_quota_makes_cores_unusable(tmp_path):
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/status").write_text("Cpus_allowed_list:\t0-7\n")
    (tmp_path / "proc/self/cgroup").write_text("0::/\n")
    (tmp_path / "sys/devices/system/cpu").mkdir(parents=True)
    (tmp_path / "sys/devices/system/cpu/online").write_text("0-7\n")
    (tmp_path / "sys/fs/cgroup").mkdir(parents=True)
    (tmp_path / "sys/fs/cgroup/cpu.max").write_text("150000 100000\n")
    assert read_cores(tmp_path).usable == 1.5
    (tmp_path / "sys/fs/cgroup/cpu.max").write_text("max 100000\n")
    assert read_cores(tmp_path).usable == 8


def test_wake_ups_are_late_and_in_order():
    lateness_ns = wake_lateness_ns(sleeps=20, length_ns=100_000)
    assert len(lateness_ns) == 20
    assert lateness_ns == sorted(lateness_ns)
    assert lateness_ns[0] >= 0
