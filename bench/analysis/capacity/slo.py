"""The service level objective of a capacity: a percentile of the response time and its limit."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bench.errors import ConfigError

PERCENTILES = {"p90": 0.90, "p95": 0.95, "p99": 0.99}
_FORM = re.compile(r"(?P<name>p\d+)_ms=(?P<limit>\S+)")


@dataclass(frozen=True, slots=True)
class Slo:
    """`name` ("p99") of the response time is to be at most limit_ms."""

    name: str
    limit_ms: float

    @property
    def p(self) -> float:
        """The percentile as a share: 0.99."""
        return PERCENTILES[self.name]

    @property
    def share_over(self) -> float:
        """The share of requests that may be over the limit: 0.01. It and the percentile say the same."""
        return 1.0 - self.p

    @property
    def text(self) -> str:
        """For people: `p99 ≤ 100 ms`."""
        return f"{self.name} ≤ {self.limit_ms:g} ms"


def parse_slo(text: str) -> Slo:
    """Read `p99_ms=100`. Raises ConfigError for another form, percentile or limit."""
    found = _FORM.fullmatch(text.replace(" ", ""))
    try:
        limit_ms = float(found["limit"]) if found else 0.0
    except ValueError:
        limit_ms = 0.0
    if found is None or found["name"] not in PERCENTILES or not 0.0 < limit_ms < float("inf"):
        known = ", ".join(f"{name}_ms" for name in PERCENTILES)
        raise ConfigError(f"--slo {text}: not a limit in ms. Known: {known}. Next: for example --slo p99_ms=100")
    return Slo(found["name"], limit_ms)
