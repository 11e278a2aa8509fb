"""What every test relies on.

Hypothesis draws the same examples each time and sets no deadline on a shared machine. Several test processes share the
cores, so threads that wait must sleep, not spin, or each slows all the others; and a matrix product is done by one
thread: cut in two, it waits for its other half to be given a core, a hundred times as long as it takes.
"""

import os

from hypothesis import settings

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")
