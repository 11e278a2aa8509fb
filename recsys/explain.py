"""Why an item was recommended: the parts of its score, and the events of the user's history that lie nearest to it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse

from recsys.explanation import ExplainedItem, Explanation, Neighbour, Part, PastEvent
from recsys.features.profile import History, Profile
from recsys.pipeline import Batch, Recommender
from recsys.ranking import Asker, ScoreParts
from recsys.serving.protocols import NullTracer
from recsys.types import EventKind, Positions, Request

NEAREST = 3
"""Events of the history that stand beside each item."""


def explain(recommender: Recommender, request: Request, nearest: int = NEAREST) -> Explanation:
    """Answer a RECOMMEND request and take the answer apart.

    The recommender then knows what it knows after any answer, no more. Similarities with the history are cosines of
    the arm's own vectors, of the texts as the catalogue now has them.
    """
    batch = recommender.begin([request], NullTracer())
    profile, history = batch.profiles[0], batch.histories[0]
    answer = recommender.finish([batch], NullTracer())[0]
    parts, texts = _parts(recommender, batch, answer.positions)
    events = _events(recommender, history, profile)
    cosines = _cosines(recommender, answer.positions, profile.items)
    items = [
        ExplainedItem(
            item_id,
            recommender.parts.catalogue.titles[position],
            score,
            float(texts[place]),
            tuple(
                Part(name, float(weight), float(value))
                for name, weight, value in zip(parts.names, parts.weights, parts.values[:, place], strict=True)
            ),
            _nearest(events, cosines[place], nearest),
        )
        for place, (item_id, position, score) in enumerate(
            zip(answer.item_ids, answer.positions.tolist(), answer.scores, strict=True)
        )
    ]
    return Explanation(profile.query, events, tuple(items))


def _parts(recommender: Recommender, batch: Batch, shown: Positions) -> tuple[ScoreParts, npt.NDArray[np.float32]]:
    """The parts of the items that were answered, in their order, and their text scores."""
    candidates = batch.candidates[0]
    asker = Asker(batch.requests[0].user, batch.users)
    every = recommender.parts.ranker.explain(batch.profiles[0], candidates, asker)
    place_of = {position: place for place, position in enumerate(candidates.positions.tolist())}
    places = np.array([place_of[position] for position in shown.tolist()], np.intp)
    return ScoreParts(every.names, every.weights, every.values[:, places]), candidates.scores[places]


def _events(recommender: Recommender, history: History, profile: Profile) -> tuple[PastEvent, ...]:
    """The newest events of the history: those that the profile weighs."""
    catalogue, first = recommender.parts.catalogue, len(history.items) - len(profile.items)
    return tuple(
        PastEvent(catalogue.item_ids[item], catalogue.titles[item], EventKind(kind), time_s, weight)
        for item, kind, time_s, weight in zip(
            profile.items.tolist(),
            history.kinds[first:].tolist(),
            history.timestamps_s[first:].tolist(),
            profile.weights.tolist(),
            strict=True,
        )
    )


def _cosines(recommender: Recommender, shown: Positions, known: Positions) -> npt.NDArray[np.float32]:
    """float32 [items shown, events]."""
    items, places = np.unique(np.concatenate([shown, known]), return_inverse=True)
    if not len(items):
        return np.zeros((0, 0), np.float32)
    catalogue = recommender.parts.catalogue
    vectors: Any = recommender.parts.encoder.encode([catalogue.texts[item] for item in items.tolist()])
    cosines: Any = vectors @ vectors.T
    dense = cosines.toarray() if isinstance(cosines, scipy.sparse.csr_array) else cosines
    found: npt.NDArray[np.float32] = dense[np.ix_(places[: len(shown)], places[len(shown) :])]
    return found


def _nearest(events: tuple[PastEvent, ...], cosines: npt.NDArray[np.float32], n: int) -> tuple[Neighbour, ...]:
    """The events of the n nearest items: of each item the one that weighs most, the newest of several."""
    strongest: dict[str, tuple[float, int]] = {}
    for place, event in enumerate(events):
        strongest[event.item_id] = max(strongest.get(event.item_id, (-1.0, -1)), (event.weight, place))
    places = sorted((place for _, place in strongest.values()), key=lambda place: (-cosines[place], -place))
    return tuple(Neighbour(events[place], float(cosines[place])) for place in places[:n])
