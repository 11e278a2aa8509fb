"""What every target promises before anything is built, whichever file it stands in."""

import pytest

from bench.measure.targets import TARGETS, check_target
from bench.scenario import ArmTable
from recsys.errors import BadOptions, UnknownKind
from recsys.options import OptionsModel

FEWEST = {
    "local": {},
    "http": {"url": "http://127.0.0.1:9", "ids": "items"},
    "python": {"object": "a.b:C"},
}
"""What each needs at least."""


@pytest.fixture(params=TARGETS.kinds())
def kind(request):
    return request.param


def arm(kind, **options):
    table = {"name": "a", "target": {"kind": kind, **options}}
    return ArmTable.model_validate(table | ({"encoder": {"kind": "fake"}} if kind == "local" else {}))


def test_its_kind_is_the_name_of_its_file_and_its_options_are_checked(kind):
    target = TARGETS.get(kind)
    assert target.__module__ == f"{TARGETS.package}.{kind}"
    assert issubclass(target.Options, OptionsModel)
    assert TARGETS.entry(kind).summary.endswith(".")
    assert target.CLIENT is None or callable(target.CLIENT)
    assert isinstance(check_target(arm(kind, **FEWEST[kind])), target.Options)
    with pytest.raises(BadOptions, match="nonsense.*Known options"):
        check_target(arm(kind, nonsense=1, **FEWEST[kind]))


def test_an_unknown_one_is_told_with_the_known_ones():
    with pytest.raises(UnknownKind, match=r"did you mean .http.*Known: http, local, python"):
        check_target(arm("htpp"))


def test_an_arm_without_one_keeps_the_hash_that_it_had():
    table = ArmTable.model_validate({"name": "a", "encoder": {"kind": "fake"}})
    assert "target" not in table.model_dump(mode="json")
