"""Whether memory has to come back from disk."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from bench.measure.knobs import KNOBS, Knob, KnobReport, KnobVerdict, turn
from bench.measure.knobs.kernel_files import WATCH_S, memory_bytes, read_counter, read_number, watch

SWAPPINESS = "proc/sys/vm/swappiness"
BYTES_PER_MB = 1_000_000


def pages_moved(root: Path) -> tuple[int, int]:
    """Pages read from and written to swap since boot. Raises Unreadable."""
    return read_counter(root, "proc/vmstat", "pswpin"), read_counter(root, "proc/vmstat", "pswpout")


@KNOBS.register("swap")
class Swap(Knob):
    """A page of weights that was swapped out costs the request that needs it some ms."""

    watches: ClassVar[bool] = True
    CALM_SWAPPINESS: ClassVar[int] = 10

    @classmethod
    def look(cls, root: Path) -> KnobReport:
        """BAD while pages move; IMPROVABLE where something lies there, or soon may."""
        total_bytes = memory_bytes(root, "SwapTotal")
        if not total_bytes:
            return KnobReport("none", KnobVerdict.GOOD)
        used_bytes, swappiness = total_bytes - memory_bytes(root, "SwapFree"), read_number(root, SWAPPINESS)
        before, after = watch(pages_moved, root)
        moved_in, moved_out = after[0] - before[0], after[1] - before[1]
        state = (
            f"{used_bytes / BYTES_PER_MB:,.0f} of {total_bytes / BYTES_PER_MB:,.0f} MB in use, {moved_in} pages in and "
            f"{moved_out} out over {WATCH_S:g} s, swappiness {swappiness}"
        )
        if moved_in or moved_out or used_bytes:
            verdict = KnobVerdict.BAD if moved_in or moved_out else KnobVerdict.IMPROVABLE
            return KnobReport(state, verdict, turn("sudo swapoff -a", "sudo swapon -a"))
        if swappiness > cls.CALM_SWAPPINESS:
            advice = turn("sudo sysctl vm.swappiness=1", f"sudo sysctl vm.swappiness={swappiness}")
            return KnobReport(state, KnobVerdict.IMPROVABLE, advice)
        return KnobReport(state, KnobVerdict.GOOD)
