"""Whether memory lies at the processors that use it."""

from __future__ import annotations

from pathlib import Path

from bench.measure.knobs import KNOBS, Knob, KnobReport, KnobVerdict, Unreadable, turn
from bench.measure.knobs.kernel_files import cpu_list, read_each, usable_cpus

PATTERN = "sys/devices/system/node/node[0-9]*/cpulist"


@KNOBS.register("numa")
class Numa(Knob):
    """A thread that wanders to another node reads its weights from afar; where each run starts is chance."""

    @staticmethod
    def look(root: Path) -> KnobReport:
        """IMPROVABLE where the usable processors lie in several nodes."""
        nodes = {name.removeprefix("node"): cpu_list(text) for name, text in read_each(root, PATTERN)}
        if not nodes:
            raise Unreadable("/sys/devices/system/node/node0/cpulist cannot be read")
        usable = usable_cpus(root)
        used = [name for name, processors in nodes.items() if processors & usable]
        if len(used) <= 1:
            return KnobReport("one node" if len(nodes) == 1 else f"one node of {len(nodes)}", KnobVerdict.GOOD)
        bind = f"numactl --cpunodebind={used[0]} --membind={used[0]} llm-rec-bench …"
        advice = turn(bind, "start it without numactl")
        return KnobReport(f"usable processors in {len(used)} nodes", KnobVerdict.IMPROVABLE, advice)
