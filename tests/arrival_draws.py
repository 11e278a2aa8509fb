"""Arrivals drawn for tests: any process from its options, at any seed, and recordings for `trace` to replay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.stats import chi2, kstest

from bench.scenario import PluginTable
from bench.traffic.arrivals import Stretch, build_arrivals
from bench.traffic.seeds import stream

NS_PER_S = 1_000_000_000


def build(kind, **options):
    """The process."""
    return build_arrivals(PluginTable.model_validate({"kind": kind} | options))


def draw(kind, n, rate_per_s, *, seed=0, before=0, data_dirs=(), **options):
    """Its times in ns, as one block of a load point."""
    stretch = Stretch(n, rate_per_s, stream(seed, "law"), before, tuple(data_dirs))
    return build(kind, **options).intended_ns(stretch)


def gaps_s(times_ns):
    """Gaps from the start on, in s."""
    return np.diff(times_ns, prepend=0) / NS_PER_S


def dispersion(counts):
    """Index of dispersion: variance over mean, 1 for a Poisson process."""
    return counts.var(ddof=1) / counts.mean()


def dispersion_pvalue(counts):
    """Fisher's dispersion test, two-sided: were these counted in equal windows of one Poisson process?"""
    tail = chi2(len(counts) - 1).sf((len(counts) - 1) * dispersion(counts))
    return 2 * min(tail, 1 - tail)


def assert_uniform(pvalues):
    """P-values of a true hypothesis are uniform; 1 in 10,000 suites would fail by chance, were the seeds not fixed."""
    assert kstest(pvalues, "uniform").pvalue > 1e-4


def write_recording(folder: Path, cells, name="arrivals.csv", column="timestamp") -> Path:
    """A csv file with this column among others."""
    path = folder / name
    path.write_text(f"n,{column}\n" + "".join(f"{row},{cell}\n" for row, cell in enumerate(cells)), encoding="utf-8")
    return path
