"""Twenty thousand damaged files across the readers: no traceback, no hang."""

import math

import pytest
from fuzzing import READERS, try_damaged

pytestmark = pytest.mark.verify

CASES = 20_000


@pytest.mark.parametrize("form", READERS)
def test_thousands_of_damaged_files_are_taken_or_refused(form):
    cases = math.ceil(CASES / len(READERS))
    assert try_damaged(form, cases) > cases / 10, "hardly any accident was noticed"
