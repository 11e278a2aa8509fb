"""Known answers: a machine on which one thing is planted, and what its knob says of it."""

import pytest
from planted_machine import CPU, plant

from bench.clock import ClockQuality
from bench.measure.knobs import KNOBS

CLOCKSOURCE = "sys/devices/system/clocksource/clocksource0/current_clocksource"
PROFILE = "sys/firmware/acpi/platform_profile"
MEMORY = "MemTotal: 16000000 kB\nMemAvailable: {} kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n"
ON_CPUS = "Cpus_allowed_list:\t{}\n"


def governors(*governors):
    return {f"{CPU}/cpu{n}/cpufreq/scaling_governor": governor for n, governor in enumerate(governors)}


CASES = [
    # knob, planted, verdict, in the state, in the advice
    ("governor", governors("powersave"), "IMPROVABLE", "performance, powersave", "echo performance | sudo tee"),
    ("governor", governors(*["schedutil"] * 4), "IMPROVABLE", "schedutil", "(back: echo schedutil | sudo tee"),
    (
        "governor",
        governors(*["powersave"] * 4) | {f"{CPU}/cpu0/cpufreq/scaling_driver": "acpi-cpufreq"},
        "BAD",
        "powersave",
        "(back: echo powersave",
    ),
    ("governor", governors(None, None, None, None), "UNKNOWN", "cpu0/cpufreq/scaling_governor cannot be read", ""),
    ("turbo", {f"{CPU}/intel_pstate/no_turbo": "0"}, "IMPROVABLE", "on", "echo 1 | sudo tee /sys"),
    ("turbo", {f"{CPU}/intel_pstate/no_turbo": None, f"{CPU}/cpufreq/boost": "0"}, "GOOD", "off", ""),
    (
        "turbo",
        {f"{CPU}/intel_pstate/no_turbo": None, f"{CPU}/cpufreq/boost": "1"},
        "IMPROVABLE",
        "on",
        f"echo 0 | sudo tee /{CPU}/cpufreq/boost  (back: echo 1 | sudo tee /{CPU}/cpufreq/boost)",
    ),
    (
        "turbo",
        {f"{CPU}/intel_pstate/no_turbo": None, f"{CPU}/cpufreq/policy0/boost": "1"},
        "IMPROVABLE",
        "on",
        f"/{CPU}/cpufreq/policy*/boost",
    ),
    ("smt", {f"{CPU}/smt/control": "on", f"{CPU}/smt/active": "1"}, "IMPROVABLE", "share a core", "(back: echo on"),
    ("smt", {f"{CPU}/smt/control": "on"}, "GOOD", "no core seen to be shared", ""),
    ("smt", {f"{CPU}/smt/control": "notsupported"}, "GOOD", "notsupported", ""),
    ("clock", {CLOCKSOURCE: "hpet"}, "BAD", "hpet; a reading costs", "echo tsc | sudo tee"),
    ("clock", {CLOCKSOURCE: "xen"}, "IMPROVABLE", "xen", "(back: echo xen"),
    ("clock", {CLOCKSOURCE: None}, "UNKNOWN", "current_clocksource cannot be read; a reading costs", ""),
    ("huge_pages", {"sys/kernel/mm/transparent_hugepage/enabled": "[always] madvise never"}, "IMPROVABLE", "always",
     "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled"),
    ("huge_pages", {"sys/kernel/mm/transparent_hugepage/enabled": "always madvise [never]"}, "GOOD", "never", ""),
    ("affinity", {"proc/self/status": ON_CPUS.format("1,3")}, "IMPROVABLE", "2 of 4 processors",
     "taskset -pc 0,1,2,3 $$  (back: taskset -pc 1,3 $$)"),
    ("affinity", {"proc/self/status": ON_CPUS.format("2-3"), f"{CPU}/isolated": "2-3"}, "GOOD", "isolated", ""),
    ("affinity", {"proc/self/status": "Name:\tpython\n"}, "UNKNOWN", "/proc/self/status has no Cpus_allowed_list", ""),
    ("numa", {"sys/devices/system/node/node0/cpulist": "0-1", "sys/devices/system/node/node1/cpulist": "2-3"},
     "IMPROVABLE", "2 nodes", "numactl --cpunodebind=0 --membind=0"),
    ("numa", {"sys/devices/system/node/node0/cpulist": "0-1", "sys/devices/system/node/node1/cpulist": "2-3",
              "proc/self/status": ON_CPUS.format("2-3")}, "GOOD", "one node of 2", ""),
    ("numa", {"sys/devices/system/node/node1/cpulist": ""}, "GOOD", "one node of 2", ""),
    ("timer_slack", {"proc/self/timerslack_ns": "1"}, "GOOD", "0.001 µs", ""),
    ("timer_slack", {"proc/self/timerslack_ns": "100000"}, "IMPROVABLE", "100 µs", "(back: echo 100000 >"),
    ("timer_slack", {"proc/self/timerslack_ns": "5000000"}, "BAD", "5000 µs", "echo 50000 > /proc/$$/timerslack_ns"),
    ("memory", {"proc/meminfo": MEMORY.format(3_000_000)}, "IMPROVABLE", "3.1 of 16.4 GB available", "top -o %MEM"),
    ("memory", {"proc/meminfo": MEMORY.format(900_000)}, "BAD", "0.9 of 16.4 GB", "--arm"),
    ("memory", {"sys/fs/cgroup/memory.max": "2000000000"}, "IMPROVABLE", "the container's limit is 2.0 GB", "top"),
    ("memory", {"sys/fs/cgroup/memory.max": "9223372036854771712"}, "GOOD", "GB available", ""),
    ("power", {PROFILE: "balanced"}, "IMPROVABLE", "profile balanced", f"echo performance | sudo tee /{PROFILE}"),
    ("power", {PROFILE: "low-power"}, "BAD", "low-power", "(back: echo low-power"),
    ("power", {PROFILE: "makers-own"}, "UNKNOWN", "profile makers-own", ""),
    ("power", {PROFILE: None}, "GOOD", "no battery", ""),
    ("power", {PROFILE: None, "sys/class/power_supply/BAT0/type": "Battery",
               "sys/class/power_supply/BAT0/status": "Discharging"}, "BAD", "on battery", "plug it in"),
    ("power", {PROFILE: None, "sys/class/power_supply/BAT0/type": "Battery",
               "sys/class/power_supply/BAT0/status": "Full"}, "GOOD", "on mains", ""),
    ("power", {"sys/class/power_supply/mouse/type": "Battery", "sys/class/power_supply/mouse/scope": "Device",
               "sys/class/power_supply/mouse/status": "Discharging"}, "GOOD", "no battery", ""),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "planted", "verdict", "state", "advice"), CASES)
def test_what_is_planted_is_found(tmp_path, monkeypatch, kind, planted, verdict, state, advice):
    monkeypatch.setattr("bench.measure.knobs.clock.check_clock", lambda: ClockQuality(20, 60.0, True))
    report = KNOBS.get(kind).inspect(plant(tmp_path, planted))
    assert report.verdict == verdict, report
    assert state in report.state
    assert advice in report.advice
    assert bool(advice) or not report.advice or verdict == "UNKNOWN"
