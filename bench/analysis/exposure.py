"""How the lists of an arm spread their places over the catalogue."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys.quality import gini


def exposure(lists: pd.Series, n_items: int) -> dict[str, float]:
    """Coverage and exposure Gini, as in `recsys.quality`. lists: of item ids, one a request.

    Counted in Arrow, where a million lists are numbers and not objects.
    """
    counts = pc.value_counts(pc.list_flatten(pa.array(lists))).field("counts").to_numpy(zero_copy_only=False)
    return {"coverage": len(counts) / n_items, "exposure_gini": gini(counts.astype(np.int64), n_items)}
