"""A machine's proc and sys, planted in a folder: one on which every knob is as it should be, and changes to it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

CPU = "sys/devices/system/cpu"
STAT = "cpu  {busy} 0 0 {idle} 0 0 0 {stolen} 0 0\nctxt 1\n"
HEALTHY: dict[str, str] = {
    f"{CPU}/online": "0-3\n",
    f"{CPU}/isolated": "\n",
    f"{CPU}/smt/control": "off\n",
    f"{CPU}/smt/active": "0\n",
    f"{CPU}/intel_pstate/no_turbo": "1\n",
    **{f"{CPU}/cpu{n}/cpufreq/scaling_governor": "performance\n" for n in range(4)},
    **{f"{CPU}/cpu{n}/cpufreq/scaling_driver": "intel_pstate\n" for n in range(4)},
    "sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
    "sys/devices/system/clocksource/clocksource0/available_clocksource": "tsc hpet acpi_pm\n",
    "sys/devices/system/node/node0/cpulist": "0-3\n",
    "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
    "sys/firmware/acpi/platform_profile": "performance\n",
    "sys/fs/cgroup/cpu.max": "max 100000\n",
    "sys/fs/cgroup/cpu.stat": "usage_usec 5\nnr_periods 0\nnr_throttled 0\n",
    "sys/fs/cgroup/memory.max": "max\n",
    "sys/class/power_supply/AC/type": "Mains\n",
    "proc/self/cgroup": "0::/\n",
    "proc/self/status": "Name:\tpython\nCpus_allowed_list:\t0-127\n",
    "proc/self/stat": "7 (a (odd) name) S " + " ".join(["0"] * 40) + "\n",
    "proc/self/timerslack_ns": "50000\n",
    "proc/stat": STAT.format(busy=1000, idle=9000, stolen=0),
    "proc/loadavg": "0.10 0.20 0.30 1/100 5\n",
    "proc/meminfo": "MemTotal: 16000000 kB\nMemAvailable: 12000000 kB\nSwapTotal: 2000000 kB\nSwapFree: 2000000 kB\n",
    "proc/vmstat": "pswpin 5\npswpout 6\n",
    "proc/sys/vm/swappiness": "1\n",
}
"""Four processors, an integer quota nowhere, mains, swap that is empty."""


def plant(root: Path, changes: Mapping[str, str | None] | None = None) -> Path:
    """Write a healthy machine with these files changed, or absent where they are None; returns the root."""
    for path, text in (HEALTHY | dict(changes or {})).items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        if text is not None:
            file.write_text(text, encoding="utf-8")
    return root
