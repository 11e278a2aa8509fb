"""Whether what the project is compiled to is kept from one process to the next."""

from __future__ import annotations

import sys
from importlib.util import cache_from_source
from pathlib import Path

from bench.measure.knobs import KNOBS, Knob, KnobReport, KnobVerdict, turn

VARIABLE = "PYTHONDONTWRITEBYTECODE"


@KNOBS.register("bytecode")
class Bytecode(Knob):
    """Where it is not, as in many containers, every worker compiles what it imports: its start-up time holds that."""

    @staticmethod
    def look(root: Path) -> KnobReport:
        """IMPROVABLE where nothing is kept and nothing is to be."""
        if Path(cache_from_source(__file__)).exists():
            return KnobReport("compiled", KnobVerdict.GOOD)
        if not sys.dont_write_bytecode:
            return KnobReport("compiled when it is first imported", KnobVerdict.GOOD)
        return KnobReport(
            "every process compiles the project anew",
            KnobVerdict.IMPROVABLE,
            turn(f"unset {VARIABLE}", f"export {VARIABLE}=1"),
        )
