"""The noise that a scenario plants: in the items of the data and in the users' queries, before anything is timed."""

from __future__ import annotations

from dataclasses import replace

from bench.scenario import ArmTable, Scenario
from bench.traffic.trace import Trace
from recsys.data import Dataset
from recsys.features.text.noise import Noise, noisy_dataset


def noisy_trace(scenario: Scenario, arm: ArmTable, trace: Trace) -> Trace:
    """The trace and its data set as this arm meets them: the same requests, the texts with their noise."""
    noise = Noise(scenario.text_of(arm).planted)
    queries = trace.queries
    if noise.is_planted("queries"):
        queries = {row: noise(query, "queries") for row, query in queries.items()}
    return replace(trace, dataset=noisy_dataset(trace.dataset, noise), queries=queries)


def noisy_data(scenario: Scenario, arm: ArmTable, dataset: Dataset) -> Dataset:
    """The data set alone as this arm meets it."""
    return noisy_dataset(dataset, Noise(scenario.text_of(arm).planted))
