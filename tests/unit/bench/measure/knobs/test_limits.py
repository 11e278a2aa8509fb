"""Quotas of control groups, and thread budgets against what they leave."""

import pytest
from planted_machine import plant

from bench.measure.knobs import KNOBS, KnobVerdict, Unreadable
from bench.measure.knobs.control_groups import group_folders
from bench.measure.knobs.quota import cpu_quota
from bench.measure.knobs.threads import BUDGETS, default_threads, usable_cores

NO_V2 = {"sys/fs/cgroup/cpu.max": None, "sys/fs/cgroup/cpu.stat": None, "sys/fs/cgroup/memory.max": None}
V1 = NO_V2 | {
    "proc/self/cgroup": "9:name=systemd:/\n4:cpu,cpuacct:/jobs/7\n0::/\n",
    "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1",
    "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000",
    "sys/fs/cgroup/cpu,cpuacct/jobs/7/cpu.cfs_quota_us": "250000",
    "sys/fs/cgroup/cpu,cpuacct/jobs/7/cpu.cfs_period_us": "100000",
    "sys/fs/cgroup/cpu,cpuacct/jobs/7/cpu.stat": "nr_periods 40\nnr_throttled 12\nthrottled_time 9\n",
}
NESTED = {
    "proc/self/cgroup": "0::/system.slice/job\n",
    "sys/fs/cgroup/cpu.max": None,
    "sys/fs/cgroup/system.slice/cpu.max": "100000 100000",
    "sys/fs/cgroup/system.slice/cpu.stat": "nr_periods 9\nnr_throttled 3\n",
    "sys/fs/cgroup/system.slice/job/cpu.max": "300000 100000",
}

OUTSIDE = {"proc/self/cgroup": "0::/../../outside\n", "sys/fs/cgroup/cpu.max": "50000 100000"}


@pytest.fixture(autouse=True)
def no_budgets(monkeypatch):
    for name in BUDGETS:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("planted", "cores", "text", "counted"),
    [
        ({}, None, "max 100000", (0, 0)),
        ({"sys/fs/cgroup/cpu.max": "150000 100000"}, 1.5, "150000 100000", (0, 0)),
        (V1, 2.5, "250000 100000", (40, 12)),
        (NESTED, 1.0, "100000 100000", (9, 3)),
        (V1 | {"sys/fs/cgroup/cpu,cpuacct/jobs/7/cpu.cfs_quota_us": "-1"}, None, "max 100000", (0, 0)),
        (OUTSIDE, 0.5, "50000 100000", (0, 0)),
        ({"sys/fs/cgroup/cpu.max": None}, None, "", (0, 0)),
    ],
    ids=["none", "version 2", "version 1", "tightest above", "version 1 unlimited", "name space", "top of a host"],
)
def test_the_tightest_quota_of_all_groups_is_found(tmp_path, planted, cores, text, counted):
    quota = cpu_quota(plant(tmp_path, planted))
    assert (quota.cores, quota.text) == (cores, text)
    assert (quota.periods, quota.throttled) == counted


def test_without_control_groups_nothing_is_claimed(tmp_path):
    with pytest.raises(Unreadable, match="/proc/self/cgroup"):
        group_folders(tmp_path, "cpu")
    plant(tmp_path, {"proc/self/cgroup": "4:memory:/\n"})
    with pytest.raises(Unreadable, match="no group of this process"):
        group_folders(tmp_path, "cpu")


@pytest.mark.parametrize(
    ("quota", "throttled", "verdict"),
    [("150000 100000", 0, "BAD"), ("400000 100000", 0, "GOOD"), ("400000 100000", 8, "IMPROVABLE")],
)
def test_a_quota_is_judged_against_the_usable_processors(tmp_path, quota, throttled, verdict):
    stat = f"nr_periods 1000\nnr_throttled {throttled}\n"
    report = KNOBS.get("quota").inspect(
        plant(tmp_path, {"sys/fs/cgroup/cpu.max": quota, "sys/fs/cgroup/cpu.stat": stat})
    )
    assert report.verdict == verdict
    assert f"used up in {throttled} of 1,000 periods" in report.state
    assert ("--cpuset-cpus=0" in report.advice) == (verdict != "GOOD")


def test_usable_cores_are_those_that_affinity_and_quota_leave(tmp_path):
    assert usable_cores(plant(tmp_path)) == 4
    assert usable_cores(plant(tmp_path, {"sys/fs/cgroup/cpu.max": "250000 100000"})) == 2
    assert usable_cores(plant(tmp_path, {"sys/fs/cgroup/cpu.max": "50000 100000"})) == 1
    assert usable_cores(plant(tmp_path, {"proc/self/status": "Cpus_allowed_list: 0,2\n"})) == 2
    assert usable_cores(plant(tmp_path, {"proc/self/cgroup": None})) == 4


def test_a_budget_above_the_usable_cores_is_oversubscription(tmp_path, monkeypatch):
    knob = KNOBS.get("threads")
    assert knob.inspect(plant(tmp_path)).verdict is KnobVerdict.GOOD
    monkeypatch.setenv("OMP_NUM_THREADS", "8,2")
    report = knob.inspect(tmp_path)
    assert report.verdict is KnobVerdict.BAD
    assert "OMP_NUM_THREADS=8" in report.state
    assert "export OMP_NUM_THREADS=4 MKL_NUM_THREADS=4 OPENBLAS_NUM_THREADS=4" in report.advice
    assert "(back: export OMP_NUM_THREADS=8,2 && unset MKL_NUM_THREADS OPENBLAS_NUM_THREADS)" in report.advice
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert knob.inspect(tmp_path).verdict is KnobVerdict.GOOD
    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    assert knob.inspect(tmp_path).verdict is KnobVerdict.UNKNOWN


def test_an_arm_that_sets_no_threads_takes_the_usable_cores(tmp_path):
    assert default_threads(plant(tmp_path, {"sys/fs/cgroup/cpu.max": "250000 100000"})) == 2
    assert "encoders take 2 where an arm sets no threads" in KNOBS.get("threads").inspect(tmp_path).state
    assert default_threads(tmp_path / "nowhere") is None
