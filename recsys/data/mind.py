"""MIND, the log of a news site: clicks, the history of every user, and the candidates that each request was shown.

The files are news.tsv and behaviors.tsv, as Microsoft publishes them for research; get them yourself, they are no part
of this project. Their times name no zone and are read as UTC; when a story came out they do not say, so all are known
from the start.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from recsys.data import DATASETS
from recsys.data.dataset import Dataset
from recsys.data.impression_log import ROLES, ImpressionLog
from recsys.data.items import read_items
from recsys.data.line_tables import separated_tables
from recsys.data.loading import find_path
from recsys.data.screen import Policy
from recsys.data.tables import Column, Table
from recsys.options import OptionsModel

NEWS_ROLES = ("item_id", "section", "subsection", "title", "text")
"""The first columns of news.tsv; address and entities stay unread."""


class MindOptions(OptionsModel):
    """path: the folder as it is unpacked, of the train or the dev files; those of test hide what was clicked.

    invalid_rows: as csv; a row of behaviors.tsv is an impression.
    """

    path: str = Field("MINDsmall_train", min_length=1)
    invalid_rows: Policy = "refuse"
    licence: str = "MIND, Microsoft Research License Terms; research use."


@DATASETS.register("mind")
class MindData:
    """A click is an event at the time of its impression; a history lies, a second an item, before the first of all."""

    Options = MindOptions

    def __init__(self, options: MindOptions, data_dirs: Sequence[Path]) -> None:
        self._options = options
        self._data_dirs = data_dirs

    def load(self) -> Dataset:
        """The data set, with its impressions. Raises DataError as csv does."""
        options = self._options
        path = self._find("news.tsv")
        news = map(_with_category, separated_tables(path, "\t", NEWS_ROLES))
        items, left_out = read_items(path, news, options.invalid_rows)
        path = self._find("behaviors.tsv")
        log = ImpressionLog(path, [item.item_id for item in items], options.invalid_rows)
        for table in separated_tables(path, "\t", ROLES):
            log.add(table)
        behaviour, impressions, warnings = log.finish()
        name, warnings = Path(options.path).name, left_out + warnings
        return Dataset.of(name, items, behaviour, impressions, licence=options.licence, warnings=warnings)

    def _find(self, name: str) -> Path:
        return find_path(Path(self._options.path) / name, self._data_dirs, suffixes=("", ".gz"))


def _with_category(news: Table) -> Table:
    """Section and subsection as one category."""
    sections = zip(news["section"], news["subsection"], strict=True)
    return news.having(category=Column.of(["/".join(filter(None, names)) for names in sections]))
