"""Options: what is wrong is named, with what is known."""

from typing import Literal

import pytest
from pydantic import Field

from recsys.errors import BadOptions
from recsys.options import OptionsModel, parse_options


class Inner(OptionsModel):
    width: int = 1


class Outer(OptionsModel):
    size: int = Field(2, ge=1)
    law: Literal["fixed", "free"] = "fixed"
    inner: Inner = Inner()


def test_good_options():
    options = parse_options(Outer, {"size": 3, "inner": {"width": 4}}, 'thing "x"')
    assert (options.size, options.law, options.inner.width) == (3, "fixed", 4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sise": 3}, r'thing "x": unknown option "sise" \(did you mean "size"\?\). Known options: inner, law, size'),
        ({"inner": {"widht": 3}}, r'"inner.widht" \(did you mean "width"\?\) \(known in inner: width\)'),
        ({"size": 0}, r'option "size" = 0: input should be greater than or equal to 1'),
        ({"size": "many"}, r'option "size" = \'many\''),
        ({"law": "fxed"}, r"'fixed' or 'free'"),
        ({"size": 0, "lawn": 1}, r'"size" = 0.*unknown option "lawn"'),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(BadOptions, match=message):
        parse_options(Outer, options, 'thing "x"')
