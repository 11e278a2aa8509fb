"""What every engine promises before anything is started, whichever file it stands in."""

import pytest

from bench.experiments.encode_catalogue.engines import ENGINES
from bench.measure.generators import GENERATORS
from recsys.errors import BadOptions
from recsys.options import OptionsModel, parse_options

ENGINES_OF_ALL = [(registry, kind) for registry in (ENGINES, GENERATORS) for kind in registry.kinds()]


@pytest.mark.parametrize(("registry", "kind"), ENGINES_OF_ALL, ids=lambda value: getattr(value, "package", value))
def test_its_kind_is_the_name_of_its_file_and_its_options_are_checked(registry, kind):
    if registry.entry(kind).missing:
        pytest.skip(f"not installed: {registry.entry(kind).missing}")
    engine = registry.get(kind)
    assert engine.__module__ == f"{registry.package}.{kind}"
    assert issubclass(engine.Options, OptionsModel)
    assert (engine.__doc__ or "").strip()
    assert registry.entry(kind).summary.endswith((".", "…"))
    assert parse_options(engine.Options, {}, "engine") is not None, "all have defaults"
    with pytest.raises(BadOptions, match="nonsense.*Known options"):
        parse_options(engine.Options, {"nonsense": 1}, "engine")
