"""How the threads of numerical libraries wait for work: asleep.

An arm uses several pools of threads one after the other (the encoder's, the linear algebra's). A pool that spins after
its work keeps a core from the next: on two cores, OpenBLAS spinning for some 30 ms after an index look-up made the next
forward pass of the encoder three times slower at p90. What is set already stays; what is in force is recorded.
"""

from __future__ import annotations

import os

SLEEPING = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0", "OPENBLAS_THREAD_TIMEOUT": "4"}
"""Read by the libraries when they are loaded: GNU and LLVM OpenMP, Intel OpenMP, OpenBLAS (2^4 cycles)."""


def let_threads_sleep() -> None:
    """Set the policy for libraries that this process, and the processes it starts, have yet to load."""
    for name, value in SLEEPING.items():
        os.environ.setdefault(name, value)
