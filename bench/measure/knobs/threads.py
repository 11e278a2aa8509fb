"""How many threads the libraries start, against the processors they may use."""

from __future__ import annotations

import math
import os
from pathlib import Path

from bench.measure.knobs import KNOBS, Knob, KnobReport, KnobVerdict, Unreadable, turn
from bench.measure.knobs.kernel_files import usable_cpus
from bench.measure.knobs.quota import cpu_quota
from bench.measure.knobs.variables import set_back

BUDGETS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def usable_cores(root: Path) -> int:
    """Processors this process may run on, no more than its quota pays for in full. Raises Unreadable."""
    usable = len(usable_cpus(root))
    try:
        quota = cpu_quota(root).cores
    except Unreadable:
        quota = None
    return usable if quota is None else max(1, min(usable, math.floor(quota)))


def default_threads(root: Path = Path("/")) -> int | None:
    """Threads of an arm that sets none: the usable cores. None where these cannot be read here."""
    try:
        return usable_cores(root)
    except Unreadable:
        return None


@KNOBS.register("threads")
class Threads(Knob):
    """More threads than processors wait for one another: a forward pass lasts until the last was given its turn."""

    @staticmethod
    def look(root: Path) -> KnobReport:
        """BAD where a budget is above the usable cores: a variable's, or what libraries take when none is set."""
        cores, default = usable_cores(root), len(usable_cpus(root))
        budgets = {name: _budget(name, default) for name in BUDGETS}
        advice = []
        if any(threads > cores for threads in budgets.values()):
            advice.append(turn(f"export {' '.join(f'{name}={cores}' for name in BUDGETS)}", set_back(BUDGETS)))
        chosen = [f"{name}={budgets[name]}" for name in BUDGETS if os.environ.get(name)]
        state = (
            f"{cores} usable cores; {', '.join(chosen) or f'OpenMP, MKL and OpenBLAS take {default}'}; "
            f"encoders take {cores} where an arm sets no threads"
        )
        return KnobReport(state, KnobVerdict.BAD if advice else KnobVerdict.GOOD, "; ".join(advice))


def _budget(name: str, default: int) -> int:
    """The variable's number, the first of a list for nested regions. Raises Unreadable."""
    text = os.environ.get(name, "").partition(",")[0].strip()
    if not text:
        return default
    if not text.isdigit():
        raise Unreadable(f'{name}="{text}" is no number of threads')
    return int(text)
