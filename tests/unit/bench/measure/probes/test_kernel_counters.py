"""Probes of planted kernel files: every number is known."""

import pytest
from planted_system import CPU_TICKS, PRESSURE, package, plant

from bench.measure.probes import Subject
from bench.measure.probes import cpu as cpu_module
from bench.measure.probes.cpu import CpuProbe, process_cpu_s
from bench.measure.probes.energy import EnergyProbe
from bench.measure.probes.memory import MemoryProbe
from bench.measure.probes.pressure import PressureProbe
from bench.measure.probes.switches import SwitchesProbe
from bench.measure.probes.throttling import ThrottlingProbe

pytestmark = pytest.mark.skipif(not cpu_module.psutil.LINUX, reason="plants files of Linux")


def read(probe_class, root, before, after):
    """What a probe returns of a block in which the files changed."""
    plant(root, before)
    probe = probe_class(Subject(root=root))
    probe.start()
    plant(root, after)
    return probe.stop()


def test_others_are_what_the_machine_was_busy_with_beyond_this_process(tmp_path, monkeypatch):
    monkeypatch.setattr(cpu_module.psutil, "PROCFS_PATH", str(tmp_path / "proc"))
    spent_s = iter([10.0, 11.5])
    monkeypatch.setattr(cpu_module, "process_cpu_s", lambda: next(spent_s))
    before = {"proc/stat": CPU_TICKS.format(user=1000, system=500, steal=20)}
    after = {"proc/stat": CPU_TICKS.format(user=1300, system=550, steal=45)}
    readings = read(CpuProbe, tmp_path, before, after)
    assert readings == pytest.approx({"cpu_s": 1.5, "steal_s": 0.25, "others_s": 3.5 - 1.5})


def test_others_are_none_where_ticks_say_less_than_the_process_used(tmp_path, monkeypatch):
    monkeypatch.setattr(cpu_module.psutil, "PROCFS_PATH", str(tmp_path / "proc"))
    spent_s = iter([0.0, 0.009])
    monkeypatch.setattr(cpu_module, "process_cpu_s", lambda: next(spent_s))
    same = {"proc/stat": CPU_TICKS.format(user=1000, system=500, steal=20)}
    assert read(CpuProbe, tmp_path, same, same)["others_s"] == 0


def test_cpu_time_is_that_of_this_process():
    probe = CpuProbe(Subject())
    probe.start()
    before_s = process_cpu_s()
    while process_cpu_s() < before_s + 0.05:
        pass
    assert 0.05 <= probe.stop()["cpu_s"] < 1


def test_a_thread_that_waits_switches_voluntarily():
    import threading

    probe = SwitchesProbe(Subject())
    probe.start()
    for _ in range(20):
        threading.Event().wait(0.001)
    assert probe.stop()["voluntary_switches"] >= 20


V2_OWN = "sys/fs/cgroup/machine/app/cpu.stat"
V2_ABOVE = "sys/fs/cgroup/machine/cpu.stat"
V1_OWN = "sys/fs/cgroup/cpu/docker/app/cpu.stat"
V1_LINES = "5:cpu,cpuacct:/docker/app\n4:memory:/docker/app\n0::/\n"


@pytest.mark.parametrize(
    ("group", "files", "seconds"),
    [
        ("0::/machine/app\n", {V2_OWN: ("throttled_usec 5", "throttled_usec 2000005")}, 2.0),
        (
            "0::/machine/app\n",
            {V2_OWN: ("throttled_usec 0", "throttled_usec 5"), V2_ABOVE: ("throttled_usec 9", "throttled_usec 750004")},
            0.75,
        ),
        (V1_LINES, {V1_OWN: ("nr_periods 3\nthrottled_time 7", "nr_periods 9\nthrottled_time 1500000007")}, 1.5),
        (V1_LINES, {"sys/fs/cgroup/cpu/cpu.stat": ("throttled_time 7", "throttled_time 1500000007")}, 1.5),
        ("0::/../other\n", {"sys/fs/cgroup/cpu.stat": ("throttled_usec 1", "throttled_usec 1000001")}, 1.0),
    ],
    ids=["own group", "the group above too", "version 1", "mounted at its own group", "outside the namespace"],
)  # fmt: skip
def test_throttled_time_of_control_groups(tmp_path, group, files, seconds):
    plant(tmp_path, {"proc/self/cgroup": group})
    before, after = ({name: texts[end] + "\n" for name, texts in files.items()} for end in (0, 1))
    assert read(ThrottlingProbe, tmp_path, before, after) == {"throttled_s": pytest.approx(seconds)}


def test_a_group_without_a_quota_counts_no_throttling(tmp_path):
    plant(tmp_path, {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.stat": "usage_usec 4\nuser_usec 3\n"})
    probe = ThrottlingProbe(Subject(root=tmp_path))
    assert "no control group" in probe.available()
    probe.start()
    assert probe.stop() == {}


def test_a_counter_that_went_back_or_away_is_left_out(tmp_path):
    before = {"proc/pressure/cpu": PRESSURE.format(total=500), "proc/pressure/memory": PRESSURE.format(total=500)}
    after = {"proc/pressure/cpu": PRESSURE.format(total=499), "proc/pressure/memory": "\n"}
    assert read(PressureProbe, tmp_path, before, after) == {}


def test_pressure_is_the_time_in_which_some_task_waited(tmp_path):
    before = {"proc/pressure/cpu": PRESSURE.format(total=500), "proc/pressure/memory": PRESSURE.format(total=0)}
    after = {"proc/pressure/cpu": PRESSURE.format(total=250_500), "proc/pressure/memory": PRESSURE.format(total=3)}
    readings = read(PressureProbe, tmp_path, before, after)
    assert readings == pytest.approx({"cpu_pressure_s": 0.25, "memory_pressure_s": 3e-6})


def test_sizes_are_bytes_and_faults_are_counted(tmp_path):
    files = {
        "proc/self/status": "VmHWM:\t 4 kB\nVmRSS:\t 3 kB\nVmSwap:\t 2 kB\n",
        "proc/self/smaps_rollup": "Pss: 1 kB\n",
    }
    plant(tmp_path, files)
    probe = MemoryProbe(Subject(root=tmp_path))
    probe.start()
    touched = bytearray(64 * 2**20)
    touched[::4096] = b"x" * len(touched[::4096])
    readings = probe.stop()
    assert readings.pop("minor_faults") >= 32, "64 MiB in pages of 2 MiB at most"
    assert readings.pop("major_faults") >= 0
    assert readings == {"peak_rss_bytes": 4096, "rss_bytes": 3072, "swapped_bytes": 2048, "pss_bytes": 1024}


def test_energy_is_the_sum_of_the_packages_in_joules(tmp_path):
    before = package(0, 100) | package(1, 900_000)
    after = package(0, 500_100) | package(1, 900_001)
    assert read(EnergyProbe, tmp_path, before, after) == {"cpu_energy_j": pytest.approx(0.500001)}


def test_an_energy_counter_that_starts_again_is_followed(tmp_path):
    before = package(0, 999_000, range_uj=1_000_000)
    after = package(0, 4_000, range_uj=1_000_000)
    assert read(EnergyProbe, tmp_path, before, after) == {"cpu_energy_j": pytest.approx(0.005)}


def test_a_package_is_counted_once_and_its_parts_and_the_whole_system_not_at_all(tmp_path):
    def zones(added_uj):
        parts = package(0, added_uj)
        parts |= package(0, added_uj, family="sys/class/powercap/intel-rapl-mmio")
        parts |= package(0, added_uj, "core", family="sys/class/powercap/intel-rapl:0")
        parts |= package(1, added_uj, "dram", family="sys/class/powercap/intel-rapl:0")
        return parts | package(1, added_uj, "psys") | package(2, added_uj, "package-1-die-0")

    assert read(EnergyProbe, tmp_path, zones(0), zones(300_000)) == {"cpu_energy_j": pytest.approx(0.6)}


def test_energy_that_may_not_be_read_is_said_with_the_next_step(tmp_path):
    plant(tmp_path, package(0, 5) | package(1, 5))
    (tmp_path / "sys/class/powercap/intel-rapl:1/energy_uj").unlink()
    (tmp_path / "sys/class/powercap/intel-rapl:1/energy_uj").mkdir()
    probe = EnergyProbe(Subject(root=tmp_path))
    assert "Next: sudo chmod a+r" in probe.available()
    probe.start()
    assert probe.stop() == {}, "one package of two would look like the whole"
    assert "virtual machines" in EnergyProbe(Subject(root=tmp_path / "elsewhere")).available()
