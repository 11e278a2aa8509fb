"""How NVIDIA GPUs are set up, and who else uses them."""

from __future__ import annotations

import csv
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from bench.measure.knobs import KNOBS, Knob, KnobReport, KnobVerdict, Unreadable, combined, turn

DRIVER = "proc/driver/nvidia/version"
FIELDS = (
    "name",
    "driver_version",
    "memory.total",
    "persistence_mode",
    "mig.mode.current",
    "clocks.current.graphics",
    "clocks.max.graphics",
    "utilization.gpu",
)
IDLE_CLOCK_SHARE = 0.5
"""A GPU at rest whose clock is under this share of its highest lets it fall. Whether it was locked cannot be asked."""


def gpus() -> list[dict[str, str]]:
    """FIELDS of each GPU as nvidia-smi writes them ("81559 MiB", "Enabled", "[N/A]"); [] without the tool."""
    rows = _nvidia_smi(f"--query-gpu={','.join(FIELDS)}")
    return [dict(zip(FIELDS, row, strict=True)) for row in rows if len(row) == len(FIELDS)]


def _nvidia_smi(query: str) -> list[list[str]]:
    command = ["nvidia-smi", query, "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return list(csv.reader(answer.stdout.splitlines(), skipinitialspace=True))


def _other_processes() -> int:
    found = _nvidia_smi("--query-compute-apps=pid")
    return sum(row != [str(os.getpid())] for row in found)


@KNOBS.register("gpu")
class Gpu(Knob):
    """A GPU that falls asleep, slows down at rest or serves others answers at another speed each time."""

    @staticmethod
    def look(root: Path) -> KnobReport:
        """GOOD without a GPU, which is said. BAD while other processes compute on one."""
        found = gpus()
        if not found:
            if (root / DRIVER).exists():
                raise Unreadable("an NVIDIA driver is here, but nvidia-smi does not answer")
            return KnobReport("no NVIDIA GPU", KnobVerdict.GOOD)
        others = _other_processes()
        reports = [KnobReport(", ".join(dict.fromkeys(gpu["name"] for gpu in found)), KnobVerdict.GOOD)]
        if others:
            advice = "nvidia-smi: stop what it names, and start it again afterwards"
            reports.append(KnobReport(f"{others} other processes compute on it", KnobVerdict.BAD, advice))
        return combined([*reports, *_settings(found, rests=not others)])


def _settings(found: Sequence[dict[str, str]], *, rests: bool) -> list[KnobReport]:
    """What of the settings can be improved, once for all GPUs. rests: nobody works on them."""
    improvable = []
    if any(gpu["persistence_mode"] == "Disabled" for gpu in found):
        improvable.append(("persistence mode off", turn("sudo nvidia-smi -pm 1", "sudo nvidia-smi -pm 0")))
    if any(gpu["mig.mode.current"] == "Enabled" for gpu in found):
        improvable.append(("split by MIG", turn("sudo nvidia-smi -mig 0", "sudo nvidia-smi -mig 1")))
    if rests and any(_falls(gpu) for gpu in found):
        highest = min(_mhz(gpu["clocks.max.graphics"]) for gpu in found)
        advice = turn(f"sudo nvidia-smi -lgc {highest}", "sudo nvidia-smi -rgc")
        improvable.append(("clock falls at rest", advice))
    return [KnobReport(state, KnobVerdict.IMPROVABLE, advice) for state, advice in improvable]


def _falls(gpu: dict[str, str]) -> bool:
    at_rest = gpu["utilization.gpu"].startswith("0 ")
    return at_rest and _mhz(gpu["clocks.current.graphics"]) < IDLE_CLOCK_SHARE * _mhz(gpu["clocks.max.graphics"])


def _mhz(text: str) -> int:
    """0 where the GPU does not tell."""
    number = text.partition(" ")[0]
    return int(number) if number.isdigit() else 0
