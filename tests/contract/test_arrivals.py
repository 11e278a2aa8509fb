"""What every arrival process promises, whichever file it stands in."""

import numpy as np
import pytest
from pydantic import ValidationError

from bench.traffic.arrivals import ARRIVALS
from bench.traffic.seeds import stream
from recsys.errors import BadOptions
from recsys.options import parse_options

NS_PER_S = 1_000_000_000


@pytest.fixture(params=ARRIVALS.kinds())
def kind(request):
    return request.param


def draw(kind, n, rate_per_s, seed=0):
    process = ARRIVALS.get(kind)
    return process(parse_options(process.Options, {}, kind)).intended_ns(n, rate_per_s, stream(seed, "contract"))


def test_its_kind_is_the_name_of_its_file(kind):
    assert ARRIVALS.get(kind).__module__ == f"{ARRIVALS.package}.{kind}"
    assert len(ARRIVALS.entry(kind).summary) > 20


def test_its_options_are_frozen_and_strict(kind):
    model = ARRIVALS.get(kind).Options
    with pytest.raises(BadOptions, match="no_such_option"):
        parse_options(model, {"no_such_option": 1}, kind)
    with pytest.raises(ValidationError, match="frozen|no attribute|no field"):
        parse_options(model, {}, kind).no_such_option = 1
    assert (model.__doc__ or "").strip()


@pytest.mark.parametrize("rate_per_s", [0.5, 40.0, 20_000.0])
def test_times_are_whole_rising_and_after_the_start(kind, rate_per_s):
    intended_ns = draw(kind, 2000, rate_per_s)
    assert (intended_ns.dtype, intended_ns.shape) == (np.int64, (2000,))
    assert intended_ns[0] >= 0
    assert (np.diff(intended_ns) >= 0).all()


def test_the_mean_rate_is_the_one_asked_for(kind):
    ends_s = np.array([draw(kind, 2000, 40.0, seed)[-1] for seed in range(30)]) / NS_PER_S
    assert ends_s.mean() == pytest.approx(50.0, rel=0.05)


def test_a_rate_only_scales_time(kind):
    assert draw(kind, 300, 10.0) == pytest.approx(draw(kind, 300, 40.0) * 4, abs=3)


def test_the_same_stream_draws_the_same_times(kind):
    assert draw(kind, 300, 40.0).tolist() == draw(kind, 300, 40.0).tolist()


def test_nothing_is_drawn_for_no_request(kind):
    assert draw(kind, 0, 40.0).tolist() == []
