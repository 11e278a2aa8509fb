"""What every test relies on.

Hypothesis draws the same examples each time and sets no deadline on a shared machine. Several test processes share the
cores, so threads that wait must sleep, not spin, or each slows all the others.
"""

import os

from hypothesis import settings

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")
