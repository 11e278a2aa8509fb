"""Whether the kernel merges memory into huge pages behind a program's back."""

from __future__ import annotations

import re
from pathlib import Path

from bench.measure.knobs import KNOBS, Knob, KnobReport, KnobVerdict, Unreadable, turn
from bench.measure.knobs.kernel_files import read

FILE = "sys/kernel/mm/transparent_hugepage/enabled"


@KNOBS.register("huge_pages")
class HugePages(Knob):
    """`always` lets the kernel compact and move memory while requests wait; `madvise` only where a program asks."""

    @staticmethod
    def look(root: Path) -> KnobReport:
        """IMPROVABLE for always."""
        text = read(root, FILE)
        chosen = re.search(r"\[(\w+)\]", text)
        if chosen is None:
            raise Unreadable(f'/{FILE} says "{text}", which names no choice')
        if chosen[1] != "always":
            return KnobReport(chosen[1], KnobVerdict.GOOD)
        command = f"echo {{}} | sudo tee /{FILE}"
        return KnobReport("always", KnobVerdict.IMPROVABLE, turn(command.format("madvise"), command.format("always")))
