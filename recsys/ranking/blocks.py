"""Named feature blocks, each weighing exp(−α · importance): score = Σ weight(block) · cosine(block).

As stated, a block that is more important weighs less; `importance_sign = "more_is_more"` turns that round
(recsys.features.importance has an example). Importances are those of the scenario, of single users where it names any,
and with `learn` those that feedback teaches.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from pydantic import Field

from recsys.catalogue import CleanItem
from recsys.errors import BadOptions, did_you_mean
from recsys.features.blocks import Similarities
from recsys.features.feedback import WeightLearner, log_loss
from recsys.features.importance import Sign, Weights, importances_of, weights_of
from recsys.features.profile import Profile
from recsys.index.protocol import Candidates
from recsys.options import OptionsModel
from recsys.placement.item_vectors import ItemVectors
from recsys.ranking import ANYBODY, RANKERS, Asker, Material, Ranker, ScoreParts
from recsys.ranking.block_set import BlockSet
from recsys.ranking.click_examples import WANTED, draw_examples
from recsys.types import Positions, Request, Vectors

NEGATIVES = 8
"""Items beside the chosen one, where training says nothing of what was shown."""
SHOWN_ITEMS = 10
"""Of a list, its top: what the user surely saw, and the same however long a list is asked for."""
REMEMBERED_LISTS = 100_000
"""Of the users who asked last; an event of another one teaches nothing."""


class LearnOptions(OptionsModel):
    """rate: of a weight's logarithm an event. scope: what a user teaches holds for the "user", or for "all".

    training_events: so many of the newest training events are learned from before the first request.
    """

    rate: float = Field(0.1, gt=0)
    scope: Literal["user", "all"] = "user"
    training_events: int = Field(0, ge=0)


class BlockOptions(OptionsModel):
    """importance: block → importance; these blocks are compared and no others.

    users: user id → block → importance, where it differs from that of all.
    """

    importance: dict[str, float] = Field({"text": 1.0}, min_length=1)
    alpha: float = Field(1.0, gt=0)
    importance_sign: Sign = "as_stated"
    users: dict[str, dict[str, float]] = {}
    learn: LearnOptions | None = None


@dataclass(frozen=True, slots=True)
class _List:
    """What a user was last shown: similarities float32 [n, blocks] of its top, and the user they were computed for.

    vector: [1, dim] as the placement made it, None = not known.
    """

    profile: Profile
    vector: Any
    similarities: Similarities


@RANKERS.register("blocks")
class BlocksRanker(Ranker):
    """A user's own weights over named blocks."""

    Options = BlockOptions

    def __init__(self, options: BlockOptions, material: Material) -> None:
        """Raises BadOptions for a block or a user that the data lacks."""
        self._options = options
        self._blocks = BlockSet(list(options.importance), material)
        self._catalogue = material.catalogue
        self._item_vectors = ItemVectors(material.item_vectors)
        learn = options.learn
        self._learner = WeightLearner(
            self._weights(options.importance),
            _own_weights(options, material, self._weights),
            rate=learn.rate if learn else 0.0,
            shared=learn is not None and learn.scope == "all",
        )
        self._lesson: dict[str, float] = {}
        if learn and learn.training_events:
            self._lesson = self._teach(material, learn.training_events)
        self._lists: OrderedDict[int, _List] = OrderedDict()

    @property
    def names(self) -> tuple[str, ...]:
        """The blocks, in the order of all arrays here."""
        return self._blocks.names

    def weights(self, user: int) -> Weights:
        """What each block weighs for a user now, float32 [blocks]; −1 = nobody in particular."""
        return self._learner.of(user)

    def similarities(self, profile: Profile, candidates: Candidates) -> Similarities:
        """float32 [blocks, n] of the candidates."""
        return self._blocks.similarities(profile, candidates)

    def rank(self, profile: Profile, candidates: Candidates, k: int, asker: Asker = ANYBODY) -> Candidates:
        """The k best candidates, best first; equal scores by position."""
        similarities = self.similarities(profile, candidates)
        scores = self.weights(asker.user) @ similarities
        order = np.lexsort((candidates.positions, -scores))[:k]
        if self._options.learn and len(order):
            self._remember(asker, _List(profile, copy(asker.vector), similarities[:, order[:SHOWN_ITEMS]].T))
        return Candidates(candidates.positions[order], scores[order])

    def explain(self, profile: Profile, candidates: Candidates, asker: Asker = ANYBODY) -> ScoreParts:
        """The cosine of each block, and what it weighs for the user now."""
        return ScoreParts(self.names, self.weights(asker.user), self.similarities(profile, candidates))

    def texts(self, item: CleanItem) -> Sequence[str]:
        """What its blocks read beside the text."""
        return self._blocks.texts(item)

    def put(self, positions: Positions, vectors: Sequence[Vectors]) -> None:
        """New vectors of items."""
        self._item_vectors.put(positions, vectors[0])
        self._blocks.put(positions, vectors[1:])

    def record(self, request: Request) -> None:
        """Learn that the user wanted an item before those of the list last shown to them."""
        shown = self._lists.get(request.user)
        if shown is None or request.event_kind not in WANTED or self._catalogue.hidden[request.item]:
            return
        position = np.array([request.item], np.int32)
        known = shown.vector is not None
        score = self._item_vectors.dot(position, shown.vector) if known else np.zeros(1, np.float32)
        chosen = self.similarities(shown.profile, Candidates(position, score))[:, 0]
        self._learner.learn(request.user, chosen, shown.similarities)

    def rewind(self, as_of_s: int) -> None:
        """The vectors that it was built with, and weights as they were before the first request."""
        self._item_vectors.rewind()
        self._blocks.rewind()
        self._learner.rewind()
        self._lists.clear()

    def describe(self) -> dict[str, Any]:
        """Weights and importances of users without own ones, before the first request."""
        options, weights = self._options, self._learner.of(-1)
        importances = importances_of(weights, options.alpha, options.importance_sign)
        return {
            "kind": "blocks",
            "alpha": options.alpha,
            "importance_sign": options.importance_sign,
            "weights": dict(zip(self.names, [round(value, 6) for value in weights.tolist()], strict=True)),
            "importance": dict(zip(self.names, [round(value, 6) for value in importances.tolist()], strict=True)),
        } | self._lesson

    def _weights(self, importance: Mapping[str, float]) -> Weights:
        values = [importance[name] for name in self._options.importance]
        return weights_of(values, self._options.alpha, self._options.importance_sign)

    def _teach(self, material: Material, n_events: int) -> dict[str, float]:
        """Predict, then learn, from training events. Returns mean losses: as it learned, and of the given weights."""
        given = self.weights(-1)
        examples = draw_examples(material, n_events=n_events, negatives=NEGATIVES)
        losses = np.zeros((len(examples), 2))
        vectors = examples.user_vectors(material.item_vectors)
        for row, (user, items, profile) in enumerate(
            zip(examples.users.tolist(), examples.items, examples.profiles, strict=True)
        ):
            candidates = Candidates(items, self._item_vectors.dot(items, vectors[row : row + 1]))
            chosen, *shown = self.similarities(profile, candidates).T
            others = np.stack(shown)
            losses[row] = log_loss(self.weights(user), chosen, others), log_loss(given, chosen, others)
            self._learner.learn(user, chosen, others)
        self._learner.keep()
        if not len(examples):
            return {"training_events": 0}
        learning, fixed = losses.mean(axis=0).tolist()
        return {"training_events": len(examples), "log_loss": learning, "log_loss_of_given": fixed}

    def _remember(self, asker: Asker, shown: _List) -> None:
        self._lists[asker.user] = shown
        self._lists.move_to_end(asker.user)
        if len(self._lists) > REMEMBERED_LISTS:
            self._lists.popitem(last=False)


def _own_weights(options: BlockOptions, material: Material, weights: Any) -> dict[int, Weights]:
    """User position → weights, of the users that the scenario names."""
    position_of = {name: place for place, name in enumerate(material.dataset.user_ids)} if options.users else {}
    own = {}
    for name, importance in options.users.items():
        foreign = sorted(set(importance) - set(options.importance))
        if name not in position_of or foreign:
            known = list(options.importance) if name in position_of else position_of
            word = foreign[0] if name in position_of else name
            what = "block" if name in position_of else "user"
            raise BadOptions(
                f'ranking "blocks": users: unknown {what} "{word}"{did_you_mean(word, known)}. '
                f"Next: name {'a block of importance' if what == 'block' else 'a user of the data set'}"
            )
        own[position_of[name]] = weights(options.importance | importance)
    return own
