"""How good a list of recommendations is: metrics over users, in plain numpy.

Three words that are never mixed: *recall* and its kin compare with what users did later; *fidelity* compares with the
exact ranking of the same recommender; *overlap* compares two different ones. Each function returns one value a user;
nan marks a user for whom the metric is undefined, and `numpy.nanmean` leaves those out. Definitions: the method page,
after Järvelin & Kekäläinen 2002 (nDCG) and Voorhees 1999 (MRR).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import scipy.sparse

from recsys.types import Positions, Vectors

Hits = npt.NDArray[np.bool_]
"""bool [users, places]: is the item at this place of the user's list relevant?"""
Counts = npt.NDArray[np.int64]
PerUser = npt.NDArray[np.float64]
USERS_AT_ONCE = 4096
"""Lists that are judged together: enough to be fast, few enough to need no memory to speak of."""


def hits(recommended: Positions, relevant: Sequence[Positions]) -> Hits:
    """Which places of the lists hold a relevant item.

    recommended int32 [users, places], -1 where a list ends; relevant: the items of each user, in any order. An item
    that a list holds twice counts at its first place only.
    """
    found = np.zeros(recommended.shape, bool)
    for first in range(0, len(recommended), USERS_AT_ONCE):
        part = slice(first, first + USERS_AT_ONCE)
        found[part] = _hits(recommended[part], relevant[part])
    return found


def _hits(recommended: Positions, relevant: Sequence[Positions]) -> Hits:
    """A pair of user and item is one number, so that all users are looked up at once."""
    sizes = np.array([len(wanted) for wanted in relevant], np.int64)
    wanted = np.concatenate([np.zeros(0, np.int64), *relevant]).astype(np.int64)
    n_items = max(int(wanted.max(initial=-1)), int(recommended.max(initial=-1))) + 1
    users = np.arange(len(recommended)) * n_items
    found: Hits = np.isin(users[:, None] + recommended, np.repeat(users, sizes) + wanted)
    return found & (recommended >= 0) & _first_mention(recommended)


def recall(found: Hits, n_relevant: Counts, k: int) -> PerUser:
    """recall@k = |top-k ∩ T| / |T|, float64 [users]."""
    return _ratio(found[:, :k].sum(axis=1), n_relevant)


def recall_capped(found: Hits, n_relevant: Counts, k: int) -> PerUser:
    """recall@k that can reach 1: |top-k ∩ T| / min(k, |T|)."""
    return _ratio(found[:, :k].sum(axis=1), np.minimum(n_relevant, k))


def precision(found: Hits, n_relevant: Counts, k: int) -> PerUser:
    """|top-k ∩ T| / k, also where the list is shorter than k."""
    return _ratio(found[:, :k].sum(axis=1), k * (n_relevant > 0))


def hit_rate(found: Hits, n_relevant: Counts, k: int) -> PerUser:
    """1 where any of the top k is relevant, else 0."""
    return _ratio(np.minimum(found[:, :k].sum(axis=1), 1), np.minimum(n_relevant, 1))


def mrr(found: Hits, n_relevant: Counts, k: int) -> PerUser:
    """1 / rank of the first relevant item among the top k, 0 without one."""
    top = found[:, :k]
    first = 1.0 / (top.argmax(axis=1) + 1)
    return _defined(np.where(top.any(axis=1), first, 0.0), n_relevant)


def ndcg(found: Hits, n_relevant: Counts, k: int) -> PerUser:
    """Binary nDCG@k: Σ 1 / log2(rank + 1) over the hits, divided by that of min(k, |T|) hits at the top."""
    discounts = 1.0 / np.log2(np.arange(k) + 2)
    gained = found[:, :k] @ discounts[: found[:, :k].shape[1]]
    best = np.concatenate([[0.0], np.cumsum(discounts)])[np.minimum(n_relevant, k)]
    return _ratio(gained, best)


RANKING_METRICS: dict[str, Callable[[Hits, Counts, int], PerUser]] = {
    "recall": recall,
    "recall_capped": recall_capped,
    "ndcg": ndcg,
    "mrr": mrr,
    "hit_rate": hit_rate,
    "precision": precision,
}
"""The metrics that judge a list by what the user did later."""


def fidelity(recommended: Positions, reference_scores: npt.NDArray[np.floating], k: int, tolerance: float) -> PerUser:
    """Share of the top k whose reference score is at least the k-th best reference score − tolerance.

    Ties thus count as hits (as in ann-benchmarks). recommended int32 [users, places ≥ k], -1 where a list ends: a miss.
    reference_scores [users, items], -inf for items that may not be recommended. With fewer than k allowed items the
    share is of those; nan where none is allowed.
    """
    allowed = np.isfinite(reference_scores)
    places = np.minimum(allowed.sum(axis=1), k)
    depth = min(k, reference_scores.shape[1])
    best_scores = -np.sort(np.partition(-reference_scores, depth - 1, axis=1)[:, :depth], axis=1)
    threshold = np.take_along_axis(best_scores, np.maximum(places - 1, 0)[:, None], axis=1) - tolerance
    top = recommended[:, :k]
    good = np.take_along_axis((reference_scores >= threshold) & allowed, np.maximum(top, 0), axis=1)
    return _ratio((good & (top >= 0) & _first_mention(top)).sum(axis=1), places)


def overlap(a: Positions, b: Positions, k: int) -> PerUser:
    """Share of the top k that two lists have in common: |a ∩ b| / the longer of the two, both cut at k."""
    shared = hits(a[:, :k], [row[row >= 0] for row in b[:, :k]]).sum(axis=1)
    length = np.maximum((a[:, :k] >= 0).sum(axis=1), (b[:, :k] >= 0).sum(axis=1))
    return _ratio(shared, length)


def candidate_recall(candidates: Sequence[Positions], relevant: Sequence[Positions]) -> PerUser:
    """Share of the relevant items among the candidates, before any re-ranking: the ceiling of what follows."""
    found = [np.isin(wanted, pool).sum() for pool, wanted in zip(candidates, relevant, strict=True)]
    return _ratio(np.array(found, np.int64), np.array([len(wanted) for wanted in relevant], np.int64))


def coverage(recommended: Positions, n_items: int) -> float:
    """Share of the catalogue that stands in at least one list."""
    return len(np.unique(recommended[recommended >= 0])) / n_items


def exposure_gini(recommended: Positions, n_items: int) -> float:
    """Gini coefficient of how often items are shown: 0 = all alike, towards 1 = one takes all; nan without lists."""
    return gini(np.bincount(recommended[recommended >= 0]), n_items)


def gini(shown: Counts, n_items: int) -> float:
    """Gini coefficient of n_items shares: Σ (2 rank − n − 1) · shown / (n Σ shown), by rising `shown` (Gini 1912).

    shown int64 [≤ n_items]: the items that are left out were shown 0 times. nan where nothing was shown.
    """
    rising = np.sort(shown)
    if not rising.sum():
        return float("nan")
    ranks = np.arange(n_items - len(rising) + 1, n_items + 1)
    return float((2 * ranks - n_items - 1) @ rising / (n_items * rising.sum()))


def novelty(recommended: Positions, training_counts: Counts) -> PerUser:
    """Mean −log2 of the items' share of training events, in bits; one event is added to each, so none has share 0."""
    shares = (training_counts + 1) / (training_counts + 1).sum()
    bits = -np.log2(shares)
    listed = recommended >= 0
    return _ratio(np.where(listed, bits[np.maximum(recommended, 0)], 0.0).sum(axis=1), listed.sum(axis=1))


def diversity(recommended: Positions, vectors: Vectors) -> PerUser:
    """Mean 1 − cosine over the pairs of a list; nan for lists of fewer than two.

    vectors [items, dim], unit or zero rows: one fixed space for all arms, never an arm's own.
    """
    values = np.full(len(recommended), np.nan)
    squares = _squared_norms(vectors)
    for first in range(0, len(recommended), USERS_AT_ONCE):
        part = recommended[first : first + USERS_AT_ONCE]
        listed = part >= 0
        n = listed.sum(axis=1)
        ends = np.concatenate([[0], np.cumsum(n)])
        chosen = scipy.sparse.csr_array((np.ones(ends[-1]), part[listed], ends), shape=(len(part), vectors.shape[0]))
        # the cosines of all ordered pairs add up to |Σ v|² − Σ |v|²
        cosines = _squared_norms(chosen @ vectors) - chosen @ squares
        values[first : first + len(part)] = 1 - _ratio(cosines, n * (n - 1))
    return values


def _squared_norms(vectors: Vectors) -> npt.NDArray[np.float64]:
    """Squared length of each row, float64 [n]."""
    if isinstance(vectors, scipy.sparse.csr_array):
        return np.asarray(vectors.multiply(vectors).sum(axis=1, dtype=np.float64))
    squares: npt.NDArray[np.float64] = np.square(vectors, dtype=np.float64).sum(axis=1)
    return squares


def _first_mention(lists: Positions) -> Hits:
    """Which places of the lists, bool [users, places], hold an item that stands at no earlier one."""
    earlier = np.tril(np.ones((lists.shape[1], lists.shape[1]), bool), -1)
    mentioned: Hits = ((lists[:, :, None] == lists[:, None, :]) & earlier).any(axis=2)
    return ~mentioned


def _ratio(part: npt.NDArray[np.number], whole: npt.NDArray[np.number]) -> PerUser:
    return np.where(whole > 0, part / np.maximum(whole, np.finfo(np.float64).tiny), np.nan)


def _defined(values: PerUser, n_relevant: Counts) -> PerUser:
    return np.where(n_relevant > 0, values, np.nan)
