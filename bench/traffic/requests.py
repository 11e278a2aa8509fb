"""The request trace: who asks, who reports back and which items come in, from the data or from a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.scenario import Scenario
from bench.traffic.drawn import draw_requests
from bench.traffic.replayed import replayed_requests
from bench.traffic.trace import Trace
from recsys.data import Dataset
from recsys.data.loading import find_path


def draw_trace(scenario: Scenario, dataset: Dataset, wanted: int, data_dirs: Sequence[Path]) -> Trace:
    """The first `wanted` requests that the scenario asks for, the same in every process.

    data_dirs: where a file of requests is looked up. Raises ConfigError when there are too few or they cannot be used,
    DataError when there is no such file.
    """
    if scenario.requests.kind == "file":
        path = find_path(Path(scenario.requests.path), data_dirs)
        return replayed_requests(path, dataset, wanted, dataset.split_s(scenario.data.train_share))
    return draw_requests(scenario, dataset, wanted)
