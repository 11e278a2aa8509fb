"""UCI Online Retail: purchases of a British gift wholesaler, December 2010 to June 2011, to the minute.

The files are items.csv and interactions.csv.gz; quantity, price and basket are not read.
"""

from __future__ import annotations

from recsys.data import DATASETS
from recsys.data.csv import CsvData, CsvOptions, KindName

REQUIRES = ("pyarrow",)


class OnlineRetailOptions(CsvOptions):
    """As csv. path: the folder, online-retail by default."""

    path: str = "online-retail"
    default_event_kind: KindName = "purchase"
    licence: str = "UCI Online Retail, CC BY 4.0."


@DATASETS.register("online_retail")
class OnlineRetailData(CsvData):
    """Every row of a basket is a purchase."""

    Options = OnlineRetailOptions
