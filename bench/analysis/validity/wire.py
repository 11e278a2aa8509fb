"""Whether a client over HTTP measured the service and not the making of connections."""

from __future__ import annotations

from collections.abc import Iterator

from bench.analysis.statements import Finding, Verdict
from bench.analysis.validity import Evidence, check


@check
class ReopenedConnections:
    """A connection that has to be opened anew takes its request a handshake longer, which is not the system's work."""

    DEGRADED_SHARE = 0.005
    """Half of what a p99 is made of."""

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """One an arm."""
        for arm in evidence.run["arms"]:
            blocks = [each for each in evidence.blocks if each["arm"] == arm["name"] and "reopened_connections" in each]
            requests = sum(block["requests"] for block in blocks)
            share = sum(block["reopened_connections"] for block in blocks) / requests if requests else 0.0
            if share > self.DEGRADED_SHARE:
                message = (
                    f"{100 * share:.1f} % of its requests had to open a connection first, and waited for a handshake"
                )
                advice = "Let the service keep connections open for longer, or see why it ends them."
                yield Finding("reopened connections", Verdict.DEGRADED, arm["label"], message, advice)
