"""The quality of every list that was recommended: an untimed pass over the same requests after the blocks.

recall and nDCG compare with the user's later events, candidate recall too, of what a re-ranker was handed. Fidelity
compares with the exact fp32 reference of the same models and placement, whichever arms ran; overlap with the
baseline's lists. A request that was not answered scores 0.
Diversity and novelty look at the list alone, and have no value where there is none; the satisfaction proxy has one a
session, at the last of its lists.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from bench.clock import MonotonicClock
from bench.measure.arm import EncodedCatalogue, build_recommender, encode_catalogue
from bench.measure.noise import noisy_trace
from bench.measure.shelf import Shelf
from bench.measure.slices import Slice
from bench.measure.visit_goals import VisitGoals
from bench.scenario import ArmTable, CacheTable, PluginTable, Scenario
from bench.traffic.trace import Trace
from recsys import quality
from recsys.encoders import exact_reference
from recsys.encoders.cached import CachedEncoder
from recsys.errors import MissingLibrary
from recsys.pipeline import Recommender
from recsys.reranking import exact_reranking
from recsys.types import Positions, Request, RequestKind

LOG = logging.getLogger(__name__)
Column = npt.NDArray[np.float32]
Scores = dict[str, dict[str, Column]]
"""Arm or floor → column → float32 by row of the trace, NaN where it is not measured."""
SCORE_TOLERANCE = 1e-5
"""Reference scores closer than this count as equal: float32 sums in another order differ by as much."""
REFERENCE_CACHE_MB = 512
REQUESTS_AT_ONCE = 64


def score_floors(scenario: Scenario, lists: Mapping[str, Positions], trace: Trace, slices: Sequence[Slice]) -> Scores:
    """Quality of the floors: all that asks for no reference and no baseline."""
    judge = _Judge.of(scenario, trace, slices)
    return {floor: judge.scores(mine) for floor, mine in lists.items()}


def score_arms(
    scenario: Scenario,
    arms: Mapping[str, ArmTable],
    lists: Mapping[str, Positions],
    trace: Trace,
    slices: Sequence[Slice],
    warn: Callable[[str], None] = LOG.warning,
    handed: Mapping[str, Positions] = MappingProxyType({}),
) -> Scores:
    """Quality by arm. Says through warn where a reference cannot be had here: fidelity is then not measured.

    arms: those with real weights; the lists of random ones mean nothing. lists: int32 [rows, k] an arm, −1 = none.
    handed: int32 [rows, N] an arm with a re-ranker, the candidates that it had.
    """
    if not arms:
        return {}
    judge = _Judge.of(scenario, trace, slices)
    relevant = judge.relevant
    baseline = next((name for name, arm in arms.items() if arm.role == "baseline"), None)
    scores = {name: judge.scores(lists[name]) for name in arms}
    for name in arms:
        others = lists.get(baseline or "")
        scores[name]["overlap_at_k"] = _overlap(lists[name], others, relevant)
        scores[name]["candidate_recall"] = _candidate_recall(handed.get(name), relevant)
        scores[name]["fidelity_at_k"] = np.full(len(relevant), np.nan, np.float32)
    encoded: dict[str, EncodedCatalogue] = {}  # references that differ in placement alone share their vectors
    for reference, names in _references(arms):
        met = noisy_trace(scenario, reference, trace)
        same = reference.encoder.model_dump_json() + reference.text.model_dump_json()
        try:
            encoded[same] = encoded.get(same) or _encode_reference(scenario, reference, met)
        except MissingLibrary as error:
            warn(f"fidelity of {', '.join(names)} was not measured: {error}")
            continue
        recommender = build_recommender(scenario, reference, met.dataset, encoded[same])
        judged = {name: (lists[name], scores[name]["fidelity_at_k"]) for name in names}
        for part in slices:
            _score_slice(recommender, judged, met, part, scenario.requests.k)
    return scores


@dataclass(frozen=True)
class _Judge:
    """What every list is held against, whoever made it. relevant: by row of the trace."""

    relevant: Sequence[Positions | None]
    shelf: Shelf
    goals: VisitGoals

    @classmethod
    def of(cls, scenario: Scenario, trace: Trace, slices: Sequence[Slice]) -> _Judge:
        relevant = _relevant(scenario, trace, slices)
        return cls(relevant, Shelf.of(scenario, trace.dataset), VisitGoals.of(trace, relevant, slices))

    def scores(self, lists: Positions) -> dict[str, Column]:
        """All columns that ask for no other list. lists: int32 [rows, k]."""
        return (
            _against_events(lists, self.relevant, self.shelf)
            | {"satisfaction_proxy": self.goals.satisfied(lists)}
            | self.shelf.variety(lists)
        )


def _relevant(scenario: Scenario, trace: Trace, slices: Sequence[Slice]) -> list[Positions | None]:
    """By row of the trace: what the user's events from the request on say was wanted, without what is known to be seen.

    None for feedback, for ingests and for rows of no slice.
    """
    relevant: list[Positions | None] = [None] * slices[-1].high
    by_user = trace.dataset.by_user
    for part in slices:
        requests = trace.requests(part.low, part.high)
        reported: defaultdict[int, list[int]] = defaultdict(list)  # feedback of this slice, known to later requests
        for request in requests:
            if request.kind is RequestKind.RECOMMEND:
                later = np.unique(by_user.since(request.user, request.timestamp_s).wanted)
                if scenario.retrieval.exclude_seen:
                    seen = by_user.before(request.user, requests[0].timestamp_s).item
                    later = np.setdiff1d(later, [*seen.tolist(), *reported[request.user]])
                relevant[part.low + request.row] = later
            elif request.kind is RequestKind.FEEDBACK:
                reported[request.user].append(request.item)
    return relevant


def _against_events(lists: Positions, relevant: Sequence[Positions | None], shelf: Shelf) -> dict[str, Column]:
    """Recall and nDCG by all relevant items, and by those alone that nobody met before t0."""
    cold = [None if items is None else items[shelf.training_counts[items] == 0] for items in relevant]
    of_cold = _judged(lists, cold)
    return _judged(lists, relevant) | {f"cold_item_{column}": values for column, values in of_cold.items()}


def _judged(lists: Positions, relevant: Sequence[Positions | None]) -> dict[str, Column]:
    rows = np.flatnonzero([wanted is not None and len(wanted) > 0 for wanted in relevant])
    known = [items for items in relevant if items is not None and len(items)]
    found = quality.hits(lists[rows], known)
    counts = np.array([len(items) for items in known], np.int64)
    columns = {}
    for column, metric in (("recall_at_k", quality.recall), ("ndcg_at_k", quality.ndcg)):
        columns[column] = np.full(len(relevant), np.nan, np.float32)
        columns[column][rows] = metric(found, counts, lists.shape[1])
    return columns


def _candidate_recall(handed: Positions | None, relevant: Sequence[Positions | None]) -> Column:
    """Share of the relevant items among the candidates: no re-ranker can find more. Not measured without one."""
    column = np.full(len(relevant), np.nan, np.float32)
    if handed is not None:
        known = {row: items for row, items in enumerate(relevant) if items is not None and len(items)}
        column[list(known)] = quality.candidate_recall([handed[row] for row in known], list(known.values()))
    return column


def _overlap(lists: Positions, others: Positions | None, relevant: Sequence[Positions | None]) -> Column:
    """Agreement with the baseline's list, where it has one."""
    column = np.full(len(relevant), np.nan, np.float32)
    if others is not None:
        asked = np.array([wanted is not None for wanted in relevant])
        rows = np.flatnonzero(asked & (others >= 0).any(axis=1))
        column[rows] = quality.overlap(lists[rows], others[rows], lists.shape[1])
    return column


def _references(arms: Mapping[str, ArmTable]) -> list[tuple[ArmTable, list[str]]]:
    """The exact fp32 recommenders that are needed, and the names of the arms that each is the yardstick of."""
    needed: dict[str, tuple[ArmTable, list[str]]] = {}
    for name, arm in arms.items():
        if arm.is_foreign:
            continue
        exact = exact_reference(arm.encoder.kind, arm.encoder.options)
        if exact is None and arm.reranking is None:
            continue
        reranking = exact_reranking(arm.reranking.kind, arm.reranking.options) if arm.reranking else None
        reference = ArmTable(
            name="shadow",
            encoder=PluginTable.model_validate(dict(sorted((exact or arm.encoder.model_dump()).items()))),
            placement=arm.placement,
            ranking=arm.ranking,
            reranking=PluginTable.model_validate(reranking) if reranking else None,
            text=arm.text,
            cache=CacheTable(capacity_mb=REFERENCE_CACHE_MB) if exact else None,
        )
        needed.setdefault(reference.model_dump_json(), (reference, []))[1].append(name)
    return list(needed.values())


def _encode_reference(scenario: Scenario, reference: ArmTable, trace: Trace) -> EncodedCatalogue:
    """The catalogue in exact fp32; its vectors are in the cache already when a placement asks for an item's text."""
    encoded = encode_catalogue(scenario, reference, trace.dataset, MonotonicClock())
    if isinstance(encoded.in_path, CachedEncoder):
        encoded.in_path.remember(encoded.catalogue.texts, np.asarray(encoded.item_vectors))
    return encoded


def _score_slice(
    recommender: Recommender,
    judged: Mapping[str, tuple[Positions, Column]],
    trace: Trace,
    part: Slice,
    k: int,
) -> None:
    """Fill the fidelity of one slice's requests. judged: an arm's lists and the column to fill."""
    requests = trace.requests(part.low, part.high)
    recommender.rewind(requests[0].timestamp_s)
    for kind, run in groupby(requests, key=lambda request: request.kind):
        for batch in _batched(run):
            if kind is RequestKind.RECOMMEND:
                exact = recommender.scores(batch)
                rows = [part.low + request.row for request in batch]
                for lists, fidelity in judged.values():
                    fidelity[rows] = quality.fidelity(lists[rows], exact, k, SCORE_TOLERANCE)
            elif kind is RequestKind.INGEST:
                recommender.ingest(batch)
            else:
                for request in batch:
                    recommender.update(request)


def _batched(requests: Iterable[Request]) -> Iterator[list[Request]]:
    """Consecutive requests, as many at once as are served together."""
    rest = iter(requests)
    while batch := list(islice(rest, REQUESTS_AT_ONCE)):
        yield batch
