"""How well chances of a click are predicted: accuracy, AUC and log-loss, beside what the base rate alone would give.

In plain numpy and scipy, since a worker process keeps pandas out and scikit-learn's metrics ask for it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Clicked = npt.NDArray[np.bool_]
Chances = npt.NDArray[np.floating]
SMALLEST_CHANCE = np.finfo(np.float32).eps
"""A chance of 0 or 1 counts as this close to it, so that one certain mistake does not cost infinitely much."""


def accuracy(clicked: Clicked, chances: Chances) -> float:
    """Share of examples on whose side of one half the chance is."""
    return float(((chances > 0.5) == clicked).mean())


def auc(clicked: Clicked, chances: Chances) -> float:
    """Chance that a clicked example stands above another, ties half (Mann & Whitney 1947); nan without both sorts."""
    from scipy.stats import rankdata

    n_clicked = int(clicked.sum())
    n_others = len(clicked) - n_clicked
    if not n_clicked or not n_others:
        return float("nan")
    ranks = rankdata(chances)[clicked].sum()
    return float((ranks - n_clicked * (n_clicked + 1) / 2) / (n_clicked * n_others))


def log_loss(clicked: Clicked, chances: Chances) -> float:
    """Mean −log of the chance given to what happened, in nats."""
    kept = np.clip(np.asarray(chances, np.float64), SMALLEST_CHANCE, 1 - SMALLEST_CHANCE)
    return float(-np.log(np.where(clicked, kept, 1 - kept)).mean())
