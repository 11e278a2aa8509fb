"""What the machine did to the measurement: time taken away, other work, memory on disk."""

from __future__ import annotations

from collections.abc import Iterator

from bench.analysis.statements import Finding, Verdict
from bench.analysis.validity import Evidence, check, graded

SHORTEST_BLOCK_S = 0.1
"""The machine's counters step in ticks of 10 ms; they say nothing of shorter blocks."""


@check
class CpuSteal:
    """The hypervisor gave the processors to somebody else while blocks were timed."""

    DEGRADED_SHARE = 0.02
    INVALID_SHARE = 0.10

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """Steal as a share of the processor time of the blocks."""
        share = evidence.rate("steal_s") / evidence.cores
        if verdict := graded(share, self.DEGRADED_SHARE, self.INVALID_SHARE):
            message = f"{100 * share:.1f} % of the processor time was stolen"
            yield Finding("steal", verdict, "machine", message, "Use a machine of your own.")


@check
class OtherLoad:
    """Something else worked on the machine while blocks were timed."""

    DEGRADED_CORES = 0.10
    INVALID_CORES = 0.40

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """Processor time of other processes, in cores."""
        cores = evidence.rate("others_s", SHORTEST_BLOCK_S)
        if verdict := graded(cores, self.DEGRADED_CORES, self.INVALID_CORES):
            message = f"other processes used {cores:.2f} of {evidence.cores} cores while blocks were timed"
            yield Finding("other load", verdict, "machine", message, "Stop them and measure again.")


@check
class Throttling:
    """A CPU quota stopped the process, or heat or power held a GPU's clocks down."""

    DEGRADED_SHARE = 0.01
    INVALID_SHARE = 0.10
    CAUSES = {
        "throttled_s": ("a CPU quota stopped the process", "Raise the quota, or give the arm fewer threads."),
        "gpu_thermal_throttled_s": ("heat held the GPU's clocks down", "Cool it, or lock its clocks lower."),
        "gpu_power_throttled_s": ("the power limit held the GPU's clocks down", "Raise it, or lock the clocks lower."),
    }

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """Time under a limit, as a share of the blocks'."""
        for reading, (cause, advice) in self.CAUSES.items():
            share = evidence.rate(reading)
            if verdict := graded(share, self.DEGRADED_SHARE, self.INVALID_SHARE):
                yield Finding("throttling", verdict, "machine", f"{cause} for {100 * share:.0f} % of the time", advice)


@check
class Swapping:
    """Memory of an arm lay on disk, or had to be read from it."""

    FAULTS_PER_REQUEST = 0.01

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """Pages read from disk in blocks, relative to the requests, or memory that is swapped out."""

        def slow(block: dict[str, float]) -> bool:
            return (
                block.get("swapped_bytes", 0) > 0
                or block.get("major_faults", 0) > self.FAULTS_PER_REQUEST * block["requests"]
            )

        if labels := evidence.labels(slow):
            message = "memory was swapped out, or pages were read from disk while blocks were timed"
            yield Finding("swapping", Verdict.DEGRADED, labels, message, "Free memory, or use a larger machine.")


@check
class Oversubscription:
    """More threads wanted to run than there are cores."""

    SWITCHES_PER_CPU_S = 200.0
    """Off its core every 5 ms: a thread that runs alone keeps it for much longer than a scheduler's slice."""

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """Threads taken off their cores, relative to the CPU seconds that the arm used."""

        def crowded(block: dict[str, float]) -> bool:
            switches, cpu_s = block.get("involuntary_switches", 0.0), block.get("cpu_s", 0.0)
            return block["wall_s"] >= SHORTEST_BLOCK_S and switches > self.SWITCHES_PER_CPU_S * max(cpu_s, 0.1)

        if labels := evidence.labels(crowded):
            message = "its threads were taken off their cores again and again: more of them than there are cores"
            yield Finding("oversubscription", Verdict.DEGRADED, labels, message, "Lower the arm's threads.")
