"""What no model is needed for, on the same requests: random, popularity, recent popularity and TF-IDF lists.

Floors are quality rows, never timed. Popularity is counted on the events before t0.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bench.clock import MonotonicClock
from bench.measure.arm import build_arm
from bench.measure.noise import noisy_trace
from bench.measure.slices import Slice
from bench.scenario import ArmTable, PluginTable, Scenario
from bench.traffic.trace import Trace
from recsys.evaluation import training_events
from recsys.floors import popularity_scores, random_scores, recent_popularity_scores
from recsys.index import best
from recsys.pipeline import Recommender
from recsys.types import Positions, RequestKind

FLOOR_LABELS = {
    "random": "Random",
    "popularity": "Popularity",
    "recent_popularity": "Recent popularity",
    "tfidf_floor": "TF-IDF",
}
_NOTHING: Positions = np.zeros(0, np.int32)


def floor_lists(scenario: Scenario, trace: Trace, slices: Sequence[Slice]) -> dict[str, Positions]:
    """Floor → int32 [rows of the trace, k], −1 where there is no list."""
    n_items = len(trace.dataset.items)
    training = training_events(trace.dataset, scenario.data.train_share)
    popular = popularity_scores(training, n_items)
    recent = recent_popularity_scores(training, n_items)
    arm = ArmTable(name="tfidf_floor", encoder=PluginTable(kind="tfidf"), placement="none")
    trace = noisy_trace(scenario, arm, trace)
    tfidf = build_arm(scenario, arm, trace.dataset, MonotonicClock()).recommender
    k = scenario.requests.k
    lists = {floor: np.full((slices[-1].high, k), -1, np.int32) for floor in FLOOR_LABELS}
    for part in slices:
        requests = trace.requests(part.low, part.high)
        tfidf.rewind(requests[0].timestamp_s)
        for request in requests:
            if request.kind is RequestKind.FEEDBACK:
                tfidf.update(request)
                continue
            if request.kind is RequestKind.INGEST:
                tfidf.ingest([request])
                continue
            row = part.low + request.row
            ranked = {
                "random": _best(random_scores(n_items, scenario.seed, row), k, tfidf, request.user),
                "popularity": _best(popular, k, tfidf, request.user),
                "recent_popularity": _best(recent, k, tfidf, request.user),
                "tfidf_floor": tfidf.recommend([request])[0].positions,
            }
            for floor, positions in ranked.items():
                lists[floor][row, : len(positions)] = positions
    return lists


def _best(scores: npt.NDArray[np.float32], k: int, recommender: Recommender, user: int) -> Positions:
    """The k best by these scores of the items that the recommender may show to the user at this moment."""
    shown = np.where(recommender.parts.catalogue.hidden, np.float32(-np.inf), scores)
    seen = recommender.parts.profiles.history(user).seen if recommender.options.exclude_seen else _NOTHING
    return best(shown, k, seen).positions
