"""What every arrival process promises, whichever file it stands in.

A process is built from the first of the `examples` that stand with each option that it requires.
"""

import numpy as np
import pytest
from arrival_draws import NS_PER_S, build, draw, write_recording
from pydantic import ValidationError

from bench.traffic.arrivals import ARRIVALS
from bench.traffic.seeds import stream
from recsys.errors import BadOptions
from recsys.options import parse_options


@pytest.fixture(params=ARRIVALS.kinds())
def kind(request):
    return request.param


@pytest.fixture
def options(kind):
    fields = ARRIVALS.get(kind).Options.model_fields
    return {name: field.examples[0] for name, field in fields.items() if field.is_required()}


@pytest.fixture(scope="module")
def data_dirs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    recorded_s = np.cumsum(stream(0, "recorded").standard_exponential(3000)) / 5
    write_recording(folder, [f"{time_s:.6f}" for time_s in recorded_s])
    return (folder,)


def test_its_kind_is_the_name_of_its_file(kind):
    assert ARRIVALS.get(kind).__module__ == f"{ARRIVALS.package}.{kind}"
    assert len(ARRIVALS.entry(kind).summary) > 20


def test_its_options_are_frozen_and_strict(kind, options):
    model = ARRIVALS.get(kind).Options
    with pytest.raises(BadOptions, match="no_such_option"):
        parse_options(model, options | {"no_such_option": 1}, kind)
    with pytest.raises(ValidationError, match="frozen|no attribute|no field"):
        parse_options(model, options, kind).no_such_option = 1
    assert (model.__doc__ or "").strip()


@pytest.mark.parametrize("before", [0, 700])
@pytest.mark.parametrize("rate_per_s", [0.5, 40.0, 20_000.0])
def test_times_are_whole_rising_and_after_the_start(kind, options, data_dirs, rate_per_s, before):
    intended_ns = draw(kind, 2000, rate_per_s, before=before, data_dirs=data_dirs, **options)
    assert (intended_ns.dtype, intended_ns.shape) == (np.int64, (2000,))
    assert intended_ns[0] >= 0
    assert (np.diff(intended_ns) >= 0).all()


def test_the_mean_rate_is_the_one_asked_for(kind, options, data_dirs):
    ends_ns = [draw(kind, 2000, 40.0, seed=seed, data_dirs=data_dirs, **options)[-1] for seed in range(30)]
    assert np.mean(ends_ns) / NS_PER_S == pytest.approx(50.0, rel=0.05)


def test_another_rate_only_scales_a_process_that_has_its_own(kind, options, data_dirs):
    process = build(kind, **options)
    natural_per_s = process.natural_rate_per_s(data_dirs)
    assert process.has_natural_rate == (natural_per_s is not None)
    if natural_per_s is not None:
        natural_ns = draw(kind, 300, natural_per_s, data_dirs=data_dirs, **options)
        assert draw(kind, 300, natural_per_s * 4, data_dirs=data_dirs, **options) * 4 == pytest.approx(
            natural_ns, abs=3
        )


def test_the_same_stream_draws_the_same_times(kind, options, data_dirs):
    first, again = (draw(kind, 300, 40.0, data_dirs=data_dirs, **options) for _ in range(2))
    assert first.tolist() == again.tolist()


def test_nothing_is_drawn_for_no_request(kind, options, data_dirs):
    assert draw(kind, 0, 40.0, data_dirs=data_dirs, **options).tolist() == []
