"""Whether the project's own kernels run on this machine."""

from functools import cache

from recsys.errors import MissingDevice, MissingLibrary
from recsys.models.native_library import load_library


@cache
def why_not_native() -> str:
    """Why a test of them is skipped; "" where they run."""
    try:
        load_library()
    except (MissingDevice, MissingLibrary) as error:
        return str(error)
    return ""
