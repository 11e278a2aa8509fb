"""Learning from feedback how much each feature block weighs: a small logistic update an event.

Model (Bradley & Terry 1952; Luce 1959): of two items that were shown, the one with score s is chosen before the one
with score s' with probability σ(s − s'), where s = Σ weight · similarity. An event says that one item was chosen before
those that were shown; each weight is multiplied by exp(rate · gradient of the mean log-likelihood), the exponentiated
gradient of Kivinen & Warmuth (1997), which keeps weights above 0. In the terms of `recsys.features.importance`, each
importance moves by rate · gradient / α. The cost is O(blocks) for each item shown, whatever the size of the data.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recsys.features.importance import Weights

Similarities = npt.NDArray[np.float32]
LARGEST_STEP = 1.0
"""Of a weight's logarithm in one event, so that no single one can throw it off."""


def log_loss(weights: Weights, chosen: Similarities, shown: Similarities) -> float:
    """Mean −log P(chosen before shown), in nats. chosen [blocks], shown [n, blocks]; log 2 when nothing is known."""
    return float(np.logaddexp(0, -(chosen - shown) @ weights).mean())


def learned(weights: Weights, chosen: Similarities, shown: Similarities, rate: float) -> Weights:
    """The weights after one event, float32 [blocks]. chosen [blocks], shown [n, blocks], n ≥ 1."""
    differences = chosen - shown
    doubt = 1 / (1 + np.exp(np.clip(differences @ weights, -50, 50)))  # P(shown before chosen)
    step = rate * (doubt @ differences) / len(shown)
    return (weights * np.exp(np.clip(step, -LARGEST_STEP, LARGEST_STEP))).astype(np.float32)


@dataclass(frozen=True)
class Prequential:
    """losses float64 [events]: each before its event was learned from. weights: after the last."""

    losses: npt.NDArray[np.float64]
    weights: Weights


def prequential(weights: Weights, events: Iterable[tuple[Similarities, Similarities]], rate: float) -> Prequential:
    """Predict, then learn, event by event: no loss knows of the event that it judges (Dawid 1984). rate 0 = fixed."""
    losses = []
    for chosen, shown in events:
        losses.append(log_loss(weights, chosen, shown))
        weights = learned(weights, chosen, shown, rate)
    return Prequential(np.array(losses, np.float64), weights)


class WeightLearner:
    """The weights of every user. shared: what one user teaches holds for all.

    weights float32 [blocks]: of users who have none of their own; own: of those who have.
    """

    def __init__(self, weights: Weights, own: dict[int, Weights], *, rate: float, shared: bool) -> None:
        self._rate = rate
        self._shared = shared
        self._weights, self._own = weights, dict(own)
        self.keep()

    def of(self, user: int) -> Weights:
        """The weights of a user, float32 [blocks]; −1 = of nobody in particular."""
        return self._own.get(user, self._weights)

    def learn(self, user: int, chosen: Similarities, shown: Similarities) -> None:
        """Learn from one event of a user. chosen [blocks], shown [n, blocks], n ≥ 1."""
        weights = learned(self.of(user), chosen, shown, self._rate)
        if self._shared and user not in self._own:
            self._weights = weights
        else:
            self._own[user] = weights

    def keep(self) -> None:
        """Rewind to what is known now from here on."""
        self._built = self._weights, dict(self._own)

    def rewind(self) -> None:
        """Forget what was learned since it was built, or since `keep`."""
        weights, own = self._built
        self._weights, self._own = weights, dict(own)
