"""What replicas cost, hold and draw; what is not known stays None."""

from __future__ import annotations

from dataclasses import dataclass

S_PER_HOUR = 3600.0
PER_MILLION = 1e6


@dataclass(frozen=True, slots=True)
class Means:
    """What one replica takes. cores: that it may use. hour: its price, in the scenario's currency, None without one.

    joules: a request, as measured with the machine's counters, None where it has none. rss_bytes: of its process.
    ram_bytes: of the machine that it was measured on.
    """

    cores: int
    hour: float | None
    joules: float | None
    rss_bytes: float | None
    ram_bytes: float

    def per_hour(self, replicas: int | None) -> float | None:
        """Of so many replicas that stand ready, busy or not."""
        return None if replicas is None or self.hour is None else replicas * self.hour

    def per_million(self, replicas: int | None, rate_per_s: float) -> float | None:
        """Of 1,000,000 requests at this rate."""
        hour = self.per_hour(replicas)
        return None if hour is None else hour / (rate_per_s * S_PER_HOUR) * PER_MILLION

    def watts(self, rate_per_s: float) -> float | None:
        """Joules a second of all requests."""
        return None if self.joules is None else self.joules * rate_per_s
