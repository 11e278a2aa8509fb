"""Samples of a gate with a known ratio between its sides."""

import numpy as np

from bench.analysis.gate.samples import ProcessSample, Side


def sample(side, block=0, turn=0, **given):
    """One process's sample: 40 requests of 10 ms, nothing counted."""
    values = {
        "arm": "a",
        "load": "single_stream",
        "stage": 0,
        "part": block,
        "response_ms": np.full(40, 10.0),
        "cpu_s": 0.4,
        "control_ms": 1.0,
        "steal_share": 0.0,
        "counters": {},
    }
    return ProcessSample(side=side, block=block, turn=turn, **(values | given))


def gate_samples(ratio=1.0, scatter=0.01, blocks=10, seed=3, arm="a", sides=tuple(Side)):
    """Two processes a side and block; each process is off by `scatter`, and head is `ratio` times as slow."""
    rng = np.random.default_rng(seed)
    samples = []
    for block in range(blocks):
        drift = np.random.default_rng([17, block]).normal(
            0, 0.05
        )  # of the machine: the same for all that a block holds
        for side in sides:
            for turn in (0, 1):
                off = np.exp(drift + rng.normal(0, scatter)) * (ratio if side is Side.HEAD else 1.0)
                ms = 10.0 * off * np.exp(rng.normal(0, 0.02, 60))
                samples.append(sample(side, block, turn, arm=arm, response_ms=ms, cpu_s=0.6 * off))
    return samples
