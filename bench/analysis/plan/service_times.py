"""Service times by the size of a batch, as they were measured: what the simulated servers draw from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bench.analysis.plan.observations import Observations

FEWEST = 20
"""A size of which fewer batches were seen is interpolated like one that was not seen at all."""
POINTS = 2048
"""Of the quantile function that stands for a distribution."""
SPELL = 64
"""Batches that are drawn as they followed one another: where the machine is slow, it is so for a while."""

LEAST_NS = 1.0
"""What is left of a service time from which a smaller catalogue takes more than there was."""

Table = npt.NDArray[np.float64]


class TooFewBatches(ValueError):
    """No size of batch was seen often enough."""


@dataclass(frozen=True)
class ServiceTimes:
    """Quantiles of the service time by batch size, float64 [sizes, POINTS] in ns; row i is a batch with i to encode.

    Without a cache those are its requests. busy_ns: of a server that goes straight on; idle_ns: of one that was idle.
    measured: the sizes that were seen; others lie between those, quantile by quantile, or are extrapolated beyond
    them. feedback_ns, ingest_ns: quantiles of the other kinds, None where none came. tokens int32: of requests, from
    which the simulation draws; 0 tokens are a cache hit. counts_hits: whether rows count only what is encoded.
    places int32: where in its row each batch stood, in the order in which they were served; None = each by itself.
    extra_ns: more than was measured for each member of a batch, encoded or not, as a search in more items takes.
    """

    busy_ns: Table
    idle_ns: Table
    measured: tuple[int, ...]
    tokens: npt.NDArray[np.int32]
    counts_hits: bool = False
    feedback_ns: Table | None = None
    ingest_ns: Table | None = None
    places: npt.NDArray[np.int32] | None = None
    extra_ns: float = 0.0

    def draw(self, n: int, rng: np.random.Generator) -> npt.NDArray[np.int32]:
        """Columns of the tables for n batches: stretches of what was seen (a moving block bootstrap of the ranks)."""
        if self.places is None or len(self.places) < 2 * SPELL:
            return rng.integers(POINTS, size=n, dtype=np.int32)
        starts = rng.integers(len(self.places) - SPELL + 1, size=-(-n // SPELL))
        drawn: npt.NDArray[np.int32] = self.places[(starts[:, None] + np.arange(SPELL)).ravel()[:n]]
        return drawn

    @property
    def largest(self) -> int:
        """The largest batch that was seen."""
        return self.measured[-1]

    @property
    def hit_share(self) -> float:
        """Share of requests that cost the encoder nothing."""
        return float((self.tokens == 0).mean()) if self.counts_hits else 0.0

    @property
    def most_per_s(self) -> float:
        """Requests a second of a server that is never idle, at its best batch size, all of them for lists."""
        sizes = np.arange(1, len(self.busy_ns))
        encoded = 1.0 - self.hit_share
        means_ns = np.interp(sizes * encoded, np.arange(len(self.busy_ns)), self.busy_ns.mean(axis=1))
        return float((sizes / np.maximum(means_ns + self.extra_ns * sizes, LEAST_NS)).max() * 1e9)

    def alone_ns(self, p: float) -> float:
        """The p-quantile of a request that finds the server idle and is encoded alone."""
        return max(float(np.quantile(self.idle_ns[1], p)) + self.extra_ns, LEAST_NS)

    def slower_by(self, extra_ns: float) -> ServiceTimes:
        """The same with so much more for each request, as where the catalogue is larger."""
        return replace(self, extra_ns=self.extra_ns + extra_ns)


def service_times(seen: Observations, most: int, *, has_cache: bool) -> ServiceTimes:
    """Tables for batches up to `most` requests. has_cache: whether a request may have nothing to encode.

    Raises TooFewBatches.
    """
    sizes = seen.encoded if has_cache else seen.members
    by_size = {int(size): seen.service_ns[sizes == size] for size in np.unique(sizes)}
    busy = {size: quantiles(seen.service_ns[(sizes == size) & ~seen.after_idle]) for size in by_size
            if (~seen.after_idle[sizes == size]).sum() >= FEWEST}  # fmt: skip
    idle = {size: quantiles(seen.service_ns[(sizes == size) & seen.after_idle]) for size in by_size
            if seen.after_idle[sizes == size].sum() >= FEWEST}  # fmt: skip
    known = idle | busy
    if not known:
        raise TooFewBatches(f"{len(seen.service_ns)} batches, none of a size that came {FEWEST} times")
    busy_ns = _interpolated(known, most)
    shift_ns = _waking_ns(idle, busy_ns)
    idle_ns = busy_ns + shift_ns
    for size in [size for size in idle if size <= most]:
        idle_ns[size] = idle[size]
    idle_ns = np.maximum(idle_ns, LEAST_NS)
    return ServiceTimes(
        busy_ns=busy_ns,
        idle_ns=idle_ns,
        measured=tuple(sorted(known)),
        tokens=seen.tokens,
        counts_hits=has_cache,
        feedback_ns=quantiles(seen.feedback_ns) if seen.feedback_ns.size else None,
        ingest_ns=quantiles(seen.ingest_ns) if seen.ingest_ns.size else None,
        places=_places(seen, np.minimum(sizes, len(busy_ns) - 1), busy_ns, idle_ns),
    )


def quantiles(samples_ns: npt.NDArray[np.int64]) -> Table:
    """POINTS order statistics at the levels (i + ½) / POINTS: values that were measured."""
    levels = (np.arange(POINTS) + 0.5) / POINTS
    return np.quantile(samples_ns.astype(np.float64), levels, method="inverted_cdf")


def _interpolated(known: Mapping[int, Table], most: int) -> Table:
    """Rows 0 … most: linear between neighbouring sizes, on from the last two beyond them, constant before the first."""
    sizes = np.array(sorted(known))
    rows = np.stack([known[size] for size in sizes])
    wanted = np.arange(max(most, int(sizes[-1])) + 1)
    table = np.stack([np.interp(wanted, sizes, column) for column in rows.T], axis=1)
    beyond = wanted > sizes[-1]
    if beyond.any() and len(sizes) > 1:
        slope = max(0.0, (rows[-1].mean() - rows[-2].mean()) / (sizes[-1] - sizes[-2]))
    else:  # one size alone says nothing of larger ones: so many times as long
        slope = rows[-1].mean() / max(1, sizes[-1])
    table[beyond] = rows[-1] + slope * (wanted[beyond] - sizes[-1])[:, None]
    positive: Table = np.maximum(table, LEAST_NS)
    return positive


def _places(seen: Observations, sizes: npt.NDArray[np.int64], busy_ns: Table, idle_ns: Table) -> npt.NDArray[np.int32]:
    """Where each batch stands in the row of its size, ties in the middle of theirs; int32 [batches]."""
    places = np.zeros(len(sizes), np.int32)
    for after_idle, table_ns in ((False, busy_ns), (True, idle_ns)):
        for size in np.unique(sizes):
            chosen = (sizes == size) & (seen.after_idle == after_idle)
            below, up_to = (
                np.searchsorted(table_ns[size], seen.service_ns[chosen], side) for side in ("left", "right")
            )
            places[chosen] = np.minimum((below + up_to) // 2, POINTS - 1)
    return places


def _waking_ns(idle: Mapping[int, Table], busy_ns: Table) -> float:
    """What a server takes longer after it was idle, on average, at the smallest size of which that is known."""
    if not idle:
        return 0.0
    size = min(idle)
    return float(idle[size].mean() - busy_ns[size].mean())
