"""How many replicas a rate takes.

Each replica has a queue of its own and serves its own share of the users, sent to it by a hash of the user: its
arrivals are those of the whole stream that chance gives to it, and its cache meets its users alone, so that hit shares
stay as they were measured. Feedback follows its user. New and changed items are the exception: every replica applies
all of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

from bench.analysis.capacity.slo import Slo
from bench.analysis.plan.division import MOST_PARTS, divided
from bench.analysis.plan.prediction import HIGHEST_LOAD, Draw, Effort, Replica, capacity_per_s, predict
from bench.analysis.plan.queue import Mix

PLANNED_SHARE = 0.8
"""Of a replica's capacity. What is predicted there is held against a measurement, as it is below."""
MOST_REPLICAS = 10_000_000


@dataclass(frozen=True)
class Fleet:
    """Replicas of one kind under a limit. share: of each one's capacity that is planned for.

    capacity_per_s: of one that serves all of the stream. draw: of the whole stream.
    """

    replica: Replica
    capacity_per_s: float
    slo: Slo
    draw: Draw
    effort: Effort
    share: float = PLANNED_SHARE

    def replicas_for(self, rate_per_s: float) -> int | None:
        """The fewest replicas that keep the limit at this rate; None where no number does."""
        if not self.capacity_per_s:
            return None
        many_per_s = self.divided_capacity_per_s
        if many_per_s and not self.replica.mix.ingest:  # then how many there are changes nothing but each one's rate
            many = self._at_least(rate_per_s, many_per_s)
            if many >= MOST_PARTS:
                return many
        fewest = self._at_least(rate_per_s, max(self.capacity_per_s, many_per_s))
        if rate_per_s >= self.ingest_bound_per_s or fewest > MOST_REPLICAS:
            return None
        return self._search(fewest, rate_per_s)

    def _at_least(self, rate_per_s: float, each_per_s: float) -> int:
        return max(1, math.ceil(rate_per_s / (self.share * each_per_s) - 1e-9))

    @cached_property
    def divided_capacity_per_s(self) -> float:
        """Of one of so many replicas that more of them no longer change what it sees."""
        return capacity_per_s(self.replica, divided(self.draw, MOST_PARTS), self.slo, self.effort)

    @property
    def ingest_bound_per_s(self) -> float:
        """The rate at which new items alone take a replica's planned share of time; inf without ingests."""
        work_s = self.replica.mix.ingest * self.replica.ingest_s
        return math.inf if not work_s else self.share * self.replica.servers / work_s

    def _search(self, fewest: int, rate_per_s: float) -> int | None:
        """Double until it fits, then halve the step."""
        if self._fits(fewest, rate_per_s):
            return fewest
        low, high = fewest, 2 * fewest
        while not self._fits(high, rate_per_s):
            low, high = high, 2 * high
            if high > MOST_REPLICAS:
                return None
        while high - low > max(1, low // 100):
            middle = (low + high) // 2
            low, high = (low, middle) if self._fits(middle, rate_per_s) else (middle, high)
        return high

    def _fits(self, replicas: int, rate_per_s: float) -> bool:
        own, per_s = self.share_of(replicas, rate_per_s)
        at_per_s = per_s / self.share
        if at_per_s > HIGHEST_LOAD * own.most_per_s:
            return False
        draw = divided(self.draw, replicas)
        return predict(own, draw, at_per_s, self.slo.p, self.effort).tail_ms.point <= self.slo.limit_ms

    def share_of(self, replicas: int, rate_per_s: float) -> tuple[Replica, float]:
        """One of so many replicas, with the mix that it meets, and its rate."""
        mix = self.replica.mix
        ingest_per_s = mix.ingest * rate_per_s
        per_s = (rate_per_s - ingest_per_s) / replicas + ingest_per_s
        own = Mix(feedback=mix.feedback * rate_per_s / replicas / per_s, ingest=ingest_per_s / per_s)
        return replace(self.replica, mix=own), per_s
