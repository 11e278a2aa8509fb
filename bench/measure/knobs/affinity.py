"""Which of the machine's processors this process may use."""

from __future__ import annotations

from pathlib import Path

from bench.measure.knobs import KNOBS, Knob, KnobReport, KnobVerdict, Unreadable, turn
from bench.measure.knobs.kernel_files import cpu_list, online_cpus, read, usable_cpus


@KNOBS.register("affinity")
class Affinity(Knob):
    """Fewer processors than the machine shows: what counts the machine's starts too many threads for them."""

    @staticmethod
    def look(root: Path) -> KnobReport:
        """GOOD with all processors, or with some that the kernel keeps free of everything else."""
        usable, online = usable_cpus(root), online_cpus(root)
        if usable == online:
            return KnobReport(f"all {len(online)} processors", KnobVerdict.GOOD)
        state = f"{len(usable)} of {len(online)} processors"
        if usable and usable <= _isolated(root):
            return KnobReport(f"{state}, isolated ones", KnobVerdict.GOOD)
        advice = turn(f"taskset -pc {_written(online)} $$", f"taskset -pc {_written(usable)} $$")
        return KnobReport(state, KnobVerdict.IMPROVABLE, advice)


def _isolated(root: Path) -> frozenset[int]:
    try:
        return cpu_list(read(root, "sys/devices/system/cpu/isolated"))
    except Unreadable:
        return frozenset()


def _written(processors: frozenset[int]) -> str:
    return ",".join(map(str, sorted(processors)))
