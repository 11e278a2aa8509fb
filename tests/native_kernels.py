"""Whether the project's own kernels can run on this machine: where they can and do not, tests fail."""

from functools import cache

import pytest

from recsys.errors import MissingDevice, MissingLibrary
from recsys.models.native_library import CannotCompile, compiler_here, load_library


@cache
def why_not_native() -> str:
    """The CPU that lacks their instructions, or the compiler that is not there; "" where they must run."""
    try:
        compiler_here()
        load_library()
    except CannotCompile:
        return ""
    except (MissingDevice, MissingLibrary) as error:
        return str(error)
    return ""


@pytest.fixture
def kernels():
    """Skips the test where they cannot run."""
    if why_not_native():
        pytest.skip(why_not_native())
