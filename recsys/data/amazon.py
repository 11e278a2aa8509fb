"""Amazon reviews as purchases: video games, 1999 to 2018, one item title a row; times are whole days.

The files are items.csv and interactions.csv.gz. They derive from the Amazon review data of UCSD, for research use; get
them yourself, they are no part of this project.
"""

from __future__ import annotations

from recsys.data import DATASETS
from recsys.data.csv import CsvData, CsvOptions, KindName

REQUIRES = ("pyarrow",)


class AmazonOptions(CsvOptions):
    """As csv. path: the folder, amazon-games by default; any category with the same columns will do."""

    path: str = "amazon-games"
    default_event_kind: KindName = "purchase"
    licence: str = "Derived from the Amazon review data (UCSD); research use."


@DATASETS.register("amazon")
class AmazonData(CsvData):
    """A review is taken as a purchase."""

    Options = AmazonOptions
