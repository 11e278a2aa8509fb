"""Rankings that no model is needed for; an encoder that stays under one of them has bought nothing.

Each floor is one score an item, float32 [n_items], from training events alone; a larger score ranks higher.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recsys.errors import BadOptions
from recsys.types import Events

Scores = npt.NDArray[np.float32]
RECENT_SHARE = 0.1


def random_scores(n_items: int, seed: int, user: int) -> Scores:
    """A shuffle of the catalogue that belongs to this seed and user, whoever else is asked."""
    return np.random.Generator(np.random.PCG64([seed, user])).random(n_items, dtype=np.float32)


def popularity_scores(training: Events, n_items: int) -> Scores:
    """Number of training events of each item but dislikes: an item that many rated badly is known, not popular."""
    return np.bincount(training.wanted, minlength=n_items).astype(np.float32)


def recent_popularity_scores(training: Events, n_items: int, share: float = RECENT_SHARE) -> Scores:
    """The same among the last ⌊share · n⌋ training events. Raises BadOptions for no such share."""
    if not 0 < share <= 1:
        raise BadOptions(
            f"recent popularity: share {share} is not in (0, 1]. Next: give a share such as {RECENT_SHARE}"
        )
    first = len(training) - int(share * len(training))
    return popularity_scores(training.take(slice(first, None)), n_items)
