"""The embedded data, simulated once in this process for each choice of options: what is asked of them takes less."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from recsys.data.dataset import Dataset
from recsys.data.embedded import EmbeddedData

DATASETS: dict[str, Dataset] = {}


@contextmanager
def simulated_once() -> Iterator[None]:
    """Inside, the same options give the same data set."""
    load = EmbeddedData.load

    def load_once(source: EmbeddedData) -> Dataset:
        options = source._options.model_dump_json()
        if options not in DATASETS:
            DATASETS[options] = load(source)
        return DATASETS[options]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(EmbeddedData, "load", load_once)
        yield
