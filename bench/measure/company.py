"""Whether another run measures on this machine at the same time: each then contaminates the other's timings."""

from __future__ import annotations

import contextlib

from filelock import FileLock, Timeout

from recsys.models.artefacts import cache_folder

LOCK_FILE = "measuring.lock"


class Company:
    """Held while a run measures. Use as a context; the system drops the lock of a process that is killed.

    is_alone: no other run of this user held it when this one began. Where the lock cannot be made, nothing is known of
    others and it is True.
    """

    def __init__(self) -> None:
        self.is_alone = True
        self._held = contextlib.ExitStack()

    def __enter__(self) -> Company:
        try:
            cache_folder().mkdir(parents=True, exist_ok=True)
            self._held.enter_context(FileLock(cache_folder() / LOCK_FILE, timeout=0))
        except Timeout:
            self.is_alone = False
        except OSError:
            pass
        return self

    def __exit__(self, *exception: object) -> None:
        self._held.close()
