"""From how important a feature is to how much it weighs: weight(f) = exp(−α · importance(f)).

As the formula is stated, α > 0 gives *less* weight to a more important feature: at α = 1, importance 0 weighs 1.00,
importance 1 weighs 0.37 and importance 2 weighs 0.14. `importance_sign = "more_is_more"` turns the exponent round, so
that they weigh 1.00, 2.72 and 7.39. The stated form is the default.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

Sign = Literal["as_stated", "more_is_more"]
Weights = npt.NDArray[np.float32]


def weights_of(importances: npt.ArrayLike, alpha: float, sign: Sign) -> Weights:
    """exp(−α · importance) of each, or exp(+α · importance) where more is to be more; float32 as the input's shape."""
    return np.exp(_slope(alpha, sign) * np.asarray(importances, np.float64)).astype(np.float32)


def importances_of(weights: Weights, alpha: float, sign: Sign) -> npt.NDArray[np.float64]:
    """The importances that give these weights, which are above 0; α above 0."""
    return np.log(np.asarray(weights, np.float64)) / _slope(alpha, sign)


def _slope(alpha: float, sign: Sign) -> float:
    return alpha if sign == "more_is_more" else -alpha
