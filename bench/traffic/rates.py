"""The rates of a run: a load that names none runs at the rate that its arrivals have by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.errors import ConfigError
from bench.scenario import LoadTable, Scenario
from bench.traffic.arrivals import build_arrivals, rounded_rate


def resolve_rates(scenario: Scenario, data_dirs: Sequence[Path]) -> Scenario:
    """The scenario with a rate for every load that has arrivals: those it names, or the natural rate × time_scale.

    The natural rate is rounded to 6 significant digits; time_scale is 1 afterwards, since the rate says it all.
    data_dirs: where a recording is looked up. Raises ConfigError for arrivals without a natural rate, DataError for a
    recording that cannot be used.
    """
    loads = tuple(_with_rates(load, data_dirs) for load in scenario.load)
    return scenario.model_copy(update={"load": loads})


def _with_rates(load: LoadTable, data_dirs: Sequence[Path]) -> LoadTable:
    if load.arrivals is None or load.rates_per_s:
        return load
    natural_per_s = build_arrivals(load.arrivals).natural_rate_per_s(data_dirs)
    if natural_per_s is None:
        raise ConfigError(f"load {load.name or load.kind}: {missing_rates(load.arrivals.kind)}")
    rate_per_s = rounded_rate(natural_per_s * load.time_scale)
    return load.model_copy(update={"rates_per_s": (rate_per_s,), "time_scale": 1.0})


def missing_rates(arrivals: str) -> str:
    """What to say of a load without a rate whose arrivals have none of their own either."""
    return (
        f'rates_per_s is missing or empty, and arrivals "{arrivals}" have no rate of their own. '
        "Next: for example rates_per_s = [10, 20]"
    )
