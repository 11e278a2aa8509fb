"""What the lists are made of: how much of the catalogue, how evenly shown, how unlike each other, how little known."""

from __future__ import annotations

from typing import ClassVar

from bench.analysis.exposure import exposure
from bench.analysis.metrics import METRICS, Cell, Column
from bench.analysis.metrics.quality import per_user


@METRICS.register("variety")
class Variety:
    """Empty for random weights. Diversity and novelty are means over users, each the mean of their requests."""

    ORDER: ClassVar[int] = 55
    COLUMNS: ClassVar[dict[str, Column]] = {
        "coverage": Column("share of the catalogue that stands in a list of these requests; grows with their number"),
        "exposure_gini": Column(
            "inequality of how often items stand in these lists: 0 = all alike, towards 1 = one alone"
        ),
        "diversity": Column("mean 1 − cosine over the pairs of a list, in one TF-IDF space for all arms"),
        "novelty": Column("mean −log2 of the share of training events that the items of a list have", "bits"),
    }

    @staticmethod
    def measure(cell: Cell) -> dict[str, object]:
        """Columns without a value stay empty."""
        values: dict[str, object] = {}
        if cell.request_kind == "recommend" and cell.has_real_weights and "recommended" in cell.rows:
            values |= exposure(cell.rows["recommended"], int(cell.run["data"]["items"]))
        for column in ("diversity", "novelty"):
            of_users = per_user(cell.rows, column)
            if len(of_users):
                values[column] = float(of_users.mean())
        return values
