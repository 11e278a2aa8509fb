"""How long the threads of linear algebra wait for more work: not at all.

An arm uses several pools of threads one after the other: the encoder's, then OpenBLAS's for the index. OpenBLAS
spins for some 30 ms when its work is done and so keeps a core from the next forward pass; on two cores that nearly
doubled the median of an encoder and tripled its p90. The encoders' own pools keep their libraries' defaults, made
for them. What the environment sets already stays, and what is in force is recorded with every run.
"""

from __future__ import annotations

import os

SLEEPING = {"OPENBLAS_THREAD_TIMEOUT": "4"}
"""Read by OpenBLAS when it is loaded: its threads spin for 2^4 cycles."""
RECORDED = (*SLEEPING, "OMP_WAIT_POLICY", "KMP_BLOCKTIME")


def let_threads_sleep() -> None:
    """Set the policy for libraries that this process, and the processes it starts, have yet to load."""
    for name, value in SLEEPING.items():
        os.environ.setdefault(name, value)
