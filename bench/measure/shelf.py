"""The items as they stood at t0, for judging what lists are made of: one yardstick for all arms and floors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.clock import MonotonicClock
from bench.measure.arm import encode_catalogue
from bench.scenario import ArmTable, PluginTable, Scenario
from recsys import quality
from recsys.data import Dataset
from recsys.evaluation import training_events
from recsys.quality import Counts
from recsys.types import Positions, Vectors

_TFIDF = ArmTable(name="shelf", encoder=PluginTable(kind="tfidf"), placement="none")


@dataclass(frozen=True)
class Shelf:
    """vectors [n_items, dim]: TF-IDF of the items' texts, never an arm's own; training_counts int64 [n_items]."""

    vectors: Vectors
    training_counts: Counts

    @classmethod
    def of(cls, scenario: Scenario, dataset: Dataset) -> Shelf:
        """Fit the space on the texts known at t0, and count the events before it."""
        encoded = encode_catalogue(scenario, _TFIDF, dataset, MonotonicClock())
        training = training_events(dataset, scenario.data.train_share)
        return cls(encoded.item_vectors, np.bincount(training.item, minlength=len(dataset.items)))

    def variety(self, lists: Positions) -> dict[str, npt.NDArray[np.float32]]:
        """Diversity and novelty of each list, float32 [n]; NaN where a list is empty, or too short to have pairs.

        lists: int32 [n, k], −1 where a list ends.
        """
        return {
            "diversity": quality.diversity(lists, self.vectors).astype(np.float32),
            "novelty": quality.novelty(lists, self.training_counts).astype(np.float32),
        }
