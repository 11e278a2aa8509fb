"""What the arms did: failed, were stopped, would not rest, lost requests."""

from __future__ import annotations

from collections.abc import Iterator

from bench.analysis.statements import Finding, Verdict
from bench.analysis.validity import Evidence, check

SHOWN_ERRORS = 3


@check
class ArmsMeasured:
    """Arms that failed are missing from every comparison."""

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """Failed arms degrade a run; skipped ones are only named."""
        for arm in evidence.run["arms"]:
            if arm["status"] != "measured":
                verdict = Verdict.DEGRADED if arm["status"] == "failed" else Verdict.VALID
                message = f"{arm['status']}: {arm['reason']}"
                yield Finding("arms", verdict, arm["label"], message, "See the list of what can be built here.")


@check
class RunComplete:
    """A run that was stopped has fewer blocks than planned."""

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """Degraded when stopped."""
        if evidence.run["status"] != "complete":
            message = "it was stopped before its end"
            yield Finding("complete", Verdict.DEGRADED, "run", message, "Measure again for all blocks.")


@check
class Quietness:
    """An arm's threads still worked when the next arm's block began."""

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """Degraded where a worker did not come to rest within the limit."""
        if labels := evidence.labels(lambda block: not block["was_quiet"]):
            message = "threads went on after a block"
            yield Finding("quiet", Verdict.DEGRADED, labels, message, "Turn their spinning off.")


@check
class Collections:
    """Python's collector ran inside a timed block."""

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """It is frozen and off; a library may turn it on again."""
        if labels := evidence.labels(lambda block: block["collections"] > 0):
            pauses = [block for block in evidence.blocks if block["collections"]]
            paused_ms = 1000 * sum(block.get("collected_s", 0.0) for block in pauses)
            count = sum(block["collections"] for block in pauses)
            message = f"the collector ran {count} times in timed blocks, {paused_ms:.1f} ms together"
            yield Finding("garbage collection", Verdict.DEGRADED, labels, message, "Find what enables it.")


@check
class CacheAnswers:
    """A cache that did not answer was treated as if it knew nothing: those requests paid for the wait and the model."""

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """Degraded when a call to a cache failed."""
        if labels := evidence.labels(lambda block: block.get("cache_errors", 0) > 0):
            failed = sum(block.get("cache_errors", 0) for block in evidence.blocks)
            message = f"{failed:.0f} calls to the cache failed and were misses"
            yield Finding("cache", Verdict.DEGRADED, labels, message, "Look at the server, or raise timeout_ms.")


@check
class Unanswered:
    """Requests without an answer stand in every percentile as infinite."""

    ADVICE = {
        "timed_out": "Lower the rate, or raise timeout_ms.",
        "refused": "Lower the rate, or raise queue_limit.",
        "failed": "Mend what the errors name.",
    }

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """Counts of lost requests, arm by arm, with the errors of those that failed."""
        requests = evidence.requests
        lost = requests.loc[requests["outcome"] != "answered", ["arm", "outcome"]]
        counts = lost.groupby(["arm", "outcome"], sort=True, observed=True).size().reset_index(name="n")
        arms = {arm["name"]: arm for arm in evidence.run["arms"]}
        for arm, outcome, count in counts.itertuples(index=False, name=None):
            message = f"{count} requests {outcome.replace('_', ' ')}"
            if outcome == "failed":
                errors = sorted(arms[arm].get("errors", {}).items(), key=lambda entry: -entry[1])[:SHOWN_ERRORS]
                message += "".join(f"; {times} × {error}" for error, times in errors)
            advice = self.ADVICE.get(outcome, "Measure again.")
            yield Finding("unanswered", Verdict.DEGRADED, arms[arm]["label"], message, advice)
