"""Whether the libraries' idle threads spin while they wait for work."""

from __future__ import annotations

import os
from pathlib import Path

from bench.measure.knobs import KNOBS, Knob, KnobReport, KnobVerdict, combined, turn
from bench.measure.knobs.variables import set_back

OPENMP = ("OMP_WAIT_POLICY", "KMP_BLOCKTIME")
OPENBLAS = ("OPENBLAS_THREAD_TIMEOUT",)
OPENBLAS_DEFAULT = 26
"""OpenBLAS spins for 2^26 cycles, some 20 ms, unless told otherwise."""
OPENBLAS_SHORT = 20
"""2^20 cycles are a third of a ms."""


@KNOBS.register("spinning")
class Spinning(Knob):
    """A thread that spins keeps a core from the next stage, and its seconds count as the arm's."""

    @staticmethod
    def look(root: Path) -> KnobReport:
        """By OMP_WAIT_POLICY, KMP_BLOCKTIME and OPENBLAS_THREAD_TIMEOUT as a run started from here would have them."""
        return combined([_openmp(), _openblas()])


def _openmp() -> KnobReport:
    policy, block_time = (os.environ.get(name, "").lower() for name in OPENMP)
    if policy == "passive" and block_time in ("", "0"):
        return KnobReport("OpenMP threads sleep", KnobVerdict.GOOD)
    advice = turn("export OMP_WAIT_POLICY=PASSIVE KMP_BLOCKTIME=0", set_back(OPENMP))
    if policy == "active" or block_time == "infinite":
        return KnobReport("OpenMP threads spin without end", KnobVerdict.BAD, advice)
    return KnobReport("OpenMP threads spin for some ms", KnobVerdict.IMPROVABLE, advice)


def _openblas() -> KnobReport:
    text = os.environ.get(OPENBLAS[0], "")
    timeout = int(text) if text.isdigit() else OPENBLAS_DEFAULT
    if timeout <= OPENBLAS_SHORT:
        return KnobReport("OpenBLAS threads sleep", KnobVerdict.GOOD)
    advice = turn(f"export {OPENBLAS[0]}=4", set_back(OPENBLAS))
    return KnobReport(f"OpenBLAS threads spin for 2^{timeout} cycles", KnobVerdict.IMPROVABLE, advice)
