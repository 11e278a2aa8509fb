"""Read runs, conclude each, and put them side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.analysis.comparison import Comparison, compare
from bench.analysis.conclude import conclude
from bench.store import load_run, make_comparison_folder, write_table


def compare_runs(runs: Sequence[str], *, force: bool = False) -> Comparison:
    """runs: folders, or names in ./results. Raises ConfigError for what is no run, RunsNotComparable."""
    return compare([conclude(load_run(run)) for run in runs], force=force)


def keep_comparison(comparison: Comparison, out: Path) -> Path:
    """Write comparison.html, ratios.csv and the picture into a new folder; returns the page's path."""
    from bench.report import write_comparison

    folder = make_comparison_folder(out)
    write_table(folder / "ratios.csv", comparison.ratios)
    return write_comparison(comparison, folder)
