"""A soak: one load held for as long as one asks, in one process an arm, to see what grows.

Latency and capacity need minutes; a leak of a megabyte an hour, a cache without a bound or a file that is never closed
need hours. The lists are not scored: a soak asks whether the answers keep coming, not what they are worth.
"""

from __future__ import annotations

import re

from bench.errors import ConfigError
from bench.measure.slices import SETTLING_SHARE
from bench.scenario import RequestsTable, Scenario

BLOCK_S = 30.0
"""Arms take turns so often, and each turn is one point of every trend."""

FEWEST_BLOCKS = 10
"""A fifth of them is left out of the trends, and of eight even a strict rise is beyond chance."""

DURATION = re.compile(r"(?:\d+(?:\.\d+)?[hms])+")
UNIT_S = {"h": 3600.0, "m": 60.0, "s": 1.0}


def parse_duration_s(text: str) -> float:
    """Seconds of a duration such as `30m`, `90s` or `1h30m`. Raises ConfigError."""
    parts = re.findall(r"(\d+(?:\.\d+)?)([hms])", text) if DURATION.fullmatch(text) else []
    duration_s = sum(float(number) * UNIT_S[unit] for number, unit in parts)
    if not duration_s:
        raise ConfigError(f'--duration {text}: no duration. Known units: h, m, s. Next: for example "30m" or "1h30m"')
    return duration_s


def soaked(scenario: Scenario) -> Scenario:
    """The scenario as its `soak_s` wants it; itself where that is not set. Soaking twice changes nothing more.

    Kept is the first load with rates, at its lowest rate, which every arm should bear. The time is shared between the
    arms, which take turns of BLOCK_S. Where requests are drawn once from each of the data's events, users ask again,
    since no data has enough for hours. Rates must have been resolved. Raises ConfigError without a rate, and where the
    time is too short for FEWEST_BLOCKS.
    """
    if scenario.soak_s is None:
        return scenario
    load = next((load for load in scenario.load if load.rates_per_s), None)
    if load is None:
        raise ConfigError(
            f"scenario {scenario.name}: a soak holds a rate, and no load has one. Next: add a server load with "
            'arrivals = { kind = "poisson" } and rates_per_s'
        )
    rate_per_s, arm_s = min(load.rates_per_s), scenario.soak_s / len(scenario.arm)
    count = max(FEWEST_BLOCKS, round(arm_s / BLOCK_S))
    counted = int(arm_s * rate_per_s * (1 - SETTLING_SHARE)) // count
    if not counted:
        needed_s = FEWEST_BLOCKS * len(scenario.arm) / (rate_per_s * (1 - SETTLING_SHARE))
        raise ConfigError(
            f"scenario {scenario.name}: in {scenario.soak_s:g} s at {rate_per_s:g}/s some of {count} blocks of "
            f"{len(scenario.arm)} arms stay empty. Next: --duration {needed_s + 1:.0f}s or more"
        )
    held = load.model_copy(update={"rates_per_s": (rate_per_s,), "requests": counted * count})
    blocks = scenario.blocks.model_copy(update={"count": count, "processes": 1})
    return scenario.model_copy(update={"load": (held,), "blocks": blocks, "requests": _endless(scenario.requests)})


def _endless(requests: RequestsTable) -> RequestsTable:
    """Requests that do not run out where they are drawn from the data."""
    again = requests.kind == "data" and requests.repeat == "none"
    return requests.model_copy(update={"repeat": "zipf"}) if again else requests
