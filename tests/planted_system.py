"""Files of a kernel that a probe reads, planted below a folder that stands for /."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

STATUS = "Name:\tpython\nVmHWM:\t    4000 kB\nVmRSS:\t    3000 kB\nVmSwap:\t      16 kB\nThreads:\t1\n"
ROLLUP = (
    "5569e40af000-7ffc80e5b000 ---p 00000000 00:00 0    [rollup]\nRss:    3000 kB\nPss:     500 kB\nPss_Anon: 100 kB\n"
)
PRESSURE = "some avg10=0.68 avg60=0.74 avg300=3.08 total={total}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n"
CPU_TICKS = "cpu  {user} 0 {system} 5000 40 0 0 {steal} 0 0\n"
RAPL = "sys/class/powercap/intel-rapl"


def plant(root: Path, files: Mapping[str, str]) -> Path:
    """Write the files, by their path below the root; returns the root."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="ascii")
    return root


def package(
    number: int, energy_uj: int, name: str = "", range_uj: int = 1_000_000, family: str = RAPL
) -> dict[str, str]:
    """The files of one energy zone; `package-0` and so on where no name is given."""
    folder = f"{family}:{number}"
    return {
        f"{folder}/name": f"{name or f'package-{number}'}\n",
        f"{folder}/energy_uj": f"{energy_uj}\n",
        f"{folder}/max_energy_range_uj": f"{range_uj}\n",
    }


def whole_system(beats: int) -> dict[str, str]:
    """Everything that probes look for, every counter having gone on by so many beats."""
    return {
        "proc/self/status": STATUS,
        "proc/self/smaps_rollup": ROLLUP,
        "proc/self/fd/0": "",
        "proc/self/fd/1": "",
        "proc/self/cgroup": "0::/service\n",
        "proc/stat": CPU_TICKS.format(user=1000 + 100 * beats, system=500, steal=20 + 10 * beats),
        "proc/pressure/cpu": PRESSURE.format(total=1000 + 250_000 * beats),
        "proc/pressure/memory": PRESSURE.format(total=50),
        "sys/fs/cgroup/cpu.stat": "usage_usec 5\nuser_usec 3\n",
        "sys/fs/cgroup/service/cpu.stat": f"usage_usec 5\nnr_throttled {beats}\nthrottled_usec {7000 * beats}\n",
        **package(0, 10 + 500_000 * beats),
    }  # fmt: skip
