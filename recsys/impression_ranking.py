"""Ranking what a log says was shown: an impression's own candidates, at its time, judged by what was clicked in it.

That is no sampling, since the candidates are all that the user could choose from; but it is another task than finding
an item in the whole catalogue, and the two may not be compared. Metrics per impression as MIND reports them (Wu et al.
2020, ACL): AUC, MRR, nDCG@5 and nDCG@10; MRR here counts the first clicked item, as everywhere in this project.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from recsys.data.impressions import Impressions
from recsys.pipeline import Batch, Recommender
from recsys.quality import PerUser, mrr, ndcg
from recsys.ranking.click_quality import auc
from recsys.types import Positions, Request, RequestKind

IMPRESSIONS_AT_ONCE = 64
Scores = npt.NDArray[np.float32]


def judgeable(impressions: Impressions, since_s: int) -> Impressions:
    """Those at or after a time in which something was clicked and something was not: only they have an AUC."""
    sizes = np.diff(impressions.offsets)
    clicks = np.diff(np.concatenate([[0], np.cumsum(impressions.clicked)])[impressions.offsets])
    return impressions.take(np.flatnonzero((impressions.timestamp_s >= since_s) & (clicks > 0) & (clicks < sizes)))


class ShownOnly(Recommender):
    """A recommender that chooses among what was shown, seen items too. A request's row is that of its impression."""

    def __init__(self, recommender: Recommender, impressions: Impressions) -> None:
        """All its stages are those of the recommender; the lists are as long as the longest impression."""
        longest = int(np.diff(impressions.offsets).max(initial=1))
        super().__init__(
            recommender.parts, recommender.options.model_copy(update={"k": longest, "candidates": longest})
        )
        self._impressions = impressions

    def _excluded(self, batch: Batch) -> list[Positions]:
        """All that was not shown."""
        excluded = []
        for row in batch.rows:
            left_out = np.ones(len(self.parts.catalogue), np.bool_)
            left_out[self._impressions[row].items] = False
            excluded.append(np.flatnonzero(left_out).astype(np.int32))
        return excluded


def shown_scores(recommender: Recommender, impressions: Impressions) -> Scores:
    """The score of every item that was shown, float32 [shown] as `impressions.items`: the state is that of its second.

    −inf for what the recommender does not list: items that it does not know yet, or that its re-ranker is not handed.
    """
    among_shown = ShownOnly(recommender, impressions)
    scores = np.full(len(impressions.items), -np.inf, np.float32)
    for time_s, rows in _by_second(impressions):
        among_shown.rewind(time_s)
        asked = [Request(row, RequestKind.RECOMMEND, int(impressions.user[row]), time_s) for row in rows]
        for row, answer in zip(rows, among_shown.recommend(asked), strict=True):
            of_item = np.full(len(recommender.parts.catalogue), -np.inf, np.float32)
            of_item[answer.positions] = answer.scores
            scores[impressions.offsets[row] : impressions.offsets[row + 1]] = of_item[impressions[row].items]
    return scores


def impression_quality(scores: Scores, impressions: Impressions) -> dict[tuple[str, int | None], PerUser]:
    """(metric, k) → float64 [impressions]; k None: of the whole list. Ties by (−score, position), in AUC half.

    scores float32 [shown], as `impressions.items`.
    """
    sizes = np.diff(impressions.offsets)
    rows = np.repeat(np.arange(len(impressions)), sizes)
    order = np.lexsort((impressions.items, -scores, rows))
    longest = int(sizes.max(initial=1))
    found = np.zeros((len(impressions), longest), np.bool_)
    found[rows, np.arange(len(rows)) - impressions.offsets[rows]] = impressions.clicked[order]
    clicks = found.sum(axis=1)
    ends = zip(impressions.offsets[:-1].tolist(), impressions.offsets[1:].tolist(), strict=True)
    aucs = [auc(impressions.clicked[low:high], scores[low:high]) for low, high in ends]
    return {
        ("auc", None): np.array(aucs, np.float64),
        ("mrr", None): mrr(found, clicks, longest),
        ("ndcg", 5): ndcg(found, clicks, 5),
        ("ndcg", 10): ndcg(found, clicks, 10),
    }


def _by_second(impressions: Impressions) -> Iterator[tuple[int, list[int]]]:
    """Rows of one second, IMPRESSIONS_AT_ONCE at most, in order."""
    times_s, first = np.unique(impressions.timestamp_s, return_index=True)
    bounds = [*first.tolist(), len(impressions)]
    for time_s, (low, high) in zip(times_s.tolist(), pairwise(bounds), strict=True):
        for start in range(low, high, IMPRESSIONS_AT_ONCE):
            yield time_s, list(range(start, min(start + IMPRESSIONS_AT_ONCE, high)))
