"""How much of a thing an event was: dwell, quantity or mark, read from the columns that hold them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recsys.data.screen import Fault
from recsys.data.tables import Table
from recsys.types import EventKind

Kinds = npt.NDArray[np.int8]
Amounts = npt.NDArray[np.float32]
ROLE_OF_KIND = {
    EventKind.BROWSE: "dwell_s",
    EventKind.CLICK: "dwell_s",
    EventKind.PURCHASE: "quantity",
    EventKind.RATING: "rating",
}
"""Which column an event's amount is read from."""


@dataclass(frozen=True, slots=True)
class Marks:
    """How a data set rates: the best mark, and the one from which on an item was wanted."""

    best: float
    positive_from: float


def read_amounts(table: Table, kinds: Kinds, marks: Marks) -> tuple[Kinds, Amounts | None, tuple[Fault, ...]]:
    """The kinds, with ratings below the threshold as dislikes; the amount of each row; and what is wrong.

    Amounts are as in `recsys.types.Events`, NaN where a cell is blank, None where the file has no column for any.
    Faults: cells that are no number from 0 on, ratings without a mark or above the best.
    """
    roles = [role for role in dict.fromkeys(ROLE_OF_KIND.values()) if role in table]
    amounts = np.full(len(table), np.nan, np.float32)
    faults = []
    for role in roles:
        meant = np.isin(kinds, [kind for kind, column in ROLE_OF_KIND.items() if column == role])
        values = table[role].map(_amount, np.float32)
        amounts[meant] = values[meant]
        unread = np.isnan(values) & ~table[role].blank & meant
        faults.append(Fault(unread, f"{role} cannot be read", "give a number from 0 on", role))
    rated = kinds == EventKind.RATING
    faults.append(Fault(rated & np.isnan(amounts), "rating without a mark", "give every rating one", "item_id"))
    above = Fault(rated & (amounts > marks.best), f"rating above the best mark, {marks.best:g}", "mend it", "rating")
    kinds = np.where(rated & (amounts < marks.positive_from), np.int8(EventKind.DISLIKE), kinds)
    amounts[rated] /= np.float32(marks.best)
    return kinds, amounts if roles else None, (*faults, above)


def _amount(text: str) -> float:
    """A number from 0 on, else NaN."""
    try:
        amount = float(text)
    except ValueError:
        return math.nan
    return amount if 0 <= amount < math.inf else math.nan
