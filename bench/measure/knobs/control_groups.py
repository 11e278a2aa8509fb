"""Control groups, versions 1 and 2: where the limits of this process stand, and the tightest of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from bench.measure.knobs import Unreadable
from bench.measure.knobs.kernel_files import read

MOUNT = "sys/fs/cgroup"


def group_folders(root: Path, controller: str) -> list[Path]:
    """Folders that may limit a controller ("cpu", "memory") for this process, its own group before those around it.

    A group's limit holds for all groups in it, so every folder up to the mount counts. Raises Unreadable where no
    control groups are mounted.
    """
    found: list[Path] = []
    for line in read(root, "proc/self/cgroup").splitlines():
        controllers, _, path = line.partition(":")[2].partition(":")
        if not controllers or controller in controllers.split(","):
            found += _upwards(_mount(root, controllers, controller), PurePosixPath(path))
    if not found:
        raise Unreadable(f"/{MOUNT} holds no group of this process")
    return found


def tightest(root: Path, controller: str, limit_of: Callable[[Path], float | None]) -> tuple[float, Path] | None:
    """The lowest limit and the folder that sets it; None where nothing limits the controller. Raises Unreadable.

    limit_of: a folder's limit, None where it sets none.
    """
    limits = [(limit, folder) for folder in group_folders(root, controller) if (limit := limit_of(folder)) is not None]
    return min(limits, key=lambda pair: pair[0], default=None)


def _mount(root: Path, controllers: str, controller: str) -> Path | None:
    """Where a hierarchy is mounted: version 2 at the top or beside version 1, version 1 under its controllers."""
    names = (controllers, controller) if controllers else ("unified", "")
    return next((folder for name in names if (folder := root / MOUNT / name).is_dir()), None)


def _upwards(mount: Path | None, path: PurePosixPath) -> Iterator[Path]:
    """The group's folder and those around it. A path from outside a container's name space leads nowhere within it."""
    if mount is None:
        return
    parts = () if ".." in path.parts else path.parts[1:]
    for depth in range(len(parts), -1, -1):
        folder = mount.joinpath(*parts[:depth])
        if folder.is_dir():
            yield folder
