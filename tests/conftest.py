"""What every test relies on.

Hypothesis draws the same examples each time and sets no deadline on a shared machine. Several test processes share the
cores, so threads that wait must sleep, not spin, or each slows all the others: OpenBLAS's as in the program's own
processes, and OpenMP's. And a matrix product is done by one thread: cut in two, it waits for its other half to be given
a core, a hundred times as long as it takes. The libraries read it when they are loaded, before any test is imported.
"""

import os

from hypothesis import settings

from bench.threads import let_threads_sleep

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
let_threads_sleep()

settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")
