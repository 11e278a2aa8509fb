"""UCI Online Retail: purchases of a British gift wholesaler, December 2010 to June 2011, to the minute.

The files are items.csv and interactions.csv.gz; a basket is a session. How many pieces were bought says more of a
reseller's trade than of taste, so quantities are read only where the scenario names their column; prices never.
"""

from __future__ import annotations

from recsys.data import DATASETS
from recsys.data.csv import CsvData, CsvOptions, EventColumns, KindName

REQUIRES = ("pyarrow",)


class BasketColumns(EventColumns):
    """As csv; quantity: unread, "quantity" makes large purchases weigh more."""

    quantity: str = ""


class OnlineRetailOptions(CsvOptions):
    """As csv. path: the folder, online-retail by default."""

    path: str = "online-retail"
    event_columns: BasketColumns = BasketColumns()
    default_event_kind: KindName = "purchase"
    licence: str = "UCI Online Retail, CC BY 4.0."


@DATASETS.register("online_retail")
class OnlineRetailData(CsvData):
    """Every row of a basket is a purchase."""

    Options = OnlineRetailOptions
