"""What is said before the first number of a comparison; page and terminal take it from here."""

from __future__ import annotations

from bench.analysis.comparison import Comparison
from bench.report.wording import SIMULATED


def title_of(comparison: Comparison) -> str:
    """The question of the first run's scenario, or its name, and how many runs answer it."""
    scenario = comparison.runs[0].run["scenario"]
    return f"{scenario.get('question') or scenario['name']} ({len(comparison.runs)} runs)"


def forced(comparison: Comparison) -> list[str]:
    """Why these runs should not stand beside each other; [] where they may."""
    if not comparison.obstacles:
        return []
    return [f"Compared by force, though these runs are not comparable: {'; '.join(comparison.obstacles)}."]


def notices(comparison: Comparison) -> list[str]:
    """What a reader must know: other machines, simulated tastes."""
    said = []
    if others := comparison.other_machines:
        names = f"Run {others[0]}" if len(others) == 1 else f"Runs {', '.join(others)}"
        said.append(
            f"{names} ran on another machine than A: latencies stand side by side, and no ratio between them is "
            "claimed. What differs is listed."
        )
    if any(run.run["data"]["simulated"] for run in comparison.runs):
        said.append(SIMULATED)
    return said
