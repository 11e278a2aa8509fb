"""All probes that can read something here, started and stopped together, with what that costs."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Protocol

from bench.measure.probes import PROBES, Probe, Subject
from recsys.errors import MissingLibrary
from recsys.serving.protocols import Clock

TRIALS = 5
NS_PER_US = 1000


class Switched(Protocol):
    """Something that is started and stopped around a block."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> object:
        """End."""


class ProbeSet:
    """Starts its probes from the outside in and stops them from the inside out.

    probes: by kind. absent: why other kinds are not here. Its cost is measured once, when it is first asked for: ask in
    the process that will be measured, when that is in the state in which it will be. Raises ValueError when two probes
    give a reading the same name.
    """

    def __init__(self, probes: Mapping[str, Probe], absent: Mapping[str, str], clock: Clock) -> None:
        _check_names(probes)
        self._probes = dict(sorted(probes.items(), key=lambda entry: entry[1].ORDER))
        self._absent = dict(absent)
        self._clock = clock

    @cached_property
    def cost_us(self) -> float:
        """µs that an empty start and stop of all takes."""
        return _cost_us(self, self._clock)

    @cached_property
    def _cost_us_of(self) -> dict[str, float]:
        return {kind: _cost_us(probe, self._clock) for kind, probe in self._probes.items()}

    def start(self) -> None:
        """A block is about to begin."""
        for probe in self._probes.values():
            probe.start()

    def stop(self) -> dict[str, float]:
        """The block has just ended: all readings by name."""
        readings: dict[str, float] = {}
        for probe in reversed(self._probes.values()):
            readings |= probe.stop()
        return readings

    def describe(self) -> dict[str, Any]:
        """For run.json: µs that an empty start and stop takes, of all and of each, and why other probes are absent.

        These µs lie outside what is timed.
        """
        costs_us = {kind: round(cost_us, 1) for kind, cost_us in self._cost_us_of.items()}
        return {"cost_us": round(self.cost_us, 1), "cost_us_of": costs_us, "absent": self._absent}


def build_probes(subject: Subject, clock: Clock) -> ProbeSet:
    """Every registered probe that can read something of the subject."""
    probes: dict[str, Probe] = {}
    absent: dict[str, str] = {}
    for kind in PROBES.kinds():
        try:
            probe = PROBES.get(kind)(subject)
        except MissingLibrary as error:
            absent[kind] = str(error)
            continue
        reason = probe.available()
        if reason:
            absent[kind] = reason
        else:
            probes[kind] = probe
    return ProbeSet(probes, absent, clock)


def _cost_us(switched: Switched, clock: Clock) -> float:
    """Median time of an empty start and stop; the first, which loads what is used later, is not counted."""
    took_ns = []
    for _ in range(TRIALS + 1):
        start_ns = clock.now_ns()
        switched.start()
        switched.stop()
        took_ns.append(clock.now_ns() - start_ns)
    return statistics.median(took_ns[1:]) / NS_PER_US


def _check_names(probes: Mapping[str, Probe]) -> None:
    owner: dict[str, str] = {}
    for kind, probe in probes.items():
        for name in probe.READINGS:
            if name in owner:
                raise ValueError(f'reading "{name}" is claimed by the probes "{owner[name]}" and "{kind}"')
            owner[name] = kind
