"""Another run on the same machine."""

from __future__ import annotations

from collections.abc import Iterator

from bench.analysis.statements import Finding, Verdict
from bench.analysis.validity import Evidence, check


@check
class OtherRun:
    """Another run was measuring when this one began; what it takes of cores and caches is in the numbers of both."""

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """Degraded; runs from before this was recorded say nothing."""
        if not evidence.run.get("measured_alone", True):
            message = "another run was measuring on this machine when this one began: its timings are contaminated"
            yield Finding("other run", Verdict.DEGRADED, "machine", message, "Measure again when the other has ended.")
