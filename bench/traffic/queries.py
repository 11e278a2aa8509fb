"""What users type: queries drawn from the words of the items that they then choose, some of them asked again.

Simulated known-item search (Azzopardi, de Rijke & Balog 2007, "Building simulated queries for known-item topics",
SIGIR): an item is sought, a length is drawn, and so many different words of the item's title and text, each as likely,
in the order in which they stand there. Such queries share words with what they seek, so they favour an encoder that
counts words: what they cost is real, what they find says nothing of people.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from bench.errors import ConfigError
from bench.scenario import QueriesTable
from bench.traffic.seeds import stream
from recsys.data import Dataset
from recsys.features.text.words import words_of
from recsys.types import Positions

SHORTEST_WORD = 4
"""Letters of a word that people would type: shorter ones are mostly "the" and "of"."""
DRAWS = 20
"""Of a query that nobody has asked yet; an item of very few words may run out of them."""


def draw_queries(table: QueriesTable, dataset: Dataset, sought: Positions, seed: int) -> list[str]:
    """One query for each of these requests in time order, "" for those without one.

    sought int32 [n]: the item that each request's user chooses next. repeat_share of the queries are those that were
    last asked for the same item; all others are new. Raises ConfigError where too few items are sought again.
    """
    generator = stream(seed, "queries")
    asking = np.sort(generator.choice(len(sought), round(table.share * len(sought)), replace=False))
    items = sought[asking].tolist()
    again = _repeats(table, items, generator)
    words = cache(lambda item: _words(dataset, item))
    last: dict[int, str] = {}
    queries = [""] * len(sought)
    asked: set[str] = set()
    for row, item, is_repeat in zip(asking.tolist(), items, again, strict=True):
        if not is_repeat:
            last[item] = _new_query(words(item), table.words, asked, generator)
            asked.add(last[item])
        queries[row] = last[item]
    return queries


def _repeats(table: QueriesTable, items: list[int], generator: np.random.Generator) -> list[bool]:
    """Which of the queries are asked again: some of those for an item that an earlier query was for."""
    first = np.unique(items, return_index=True)[1]
    could = np.setdiff1d(np.arange(len(items)), first)
    wanted = round(table.repeat_share * len(items))
    if wanted > len(could):
        raise ConfigError(
            f"requests.queries: repeat_share = {table.repeat_share:g} of {len(items)} queries are {wanted}, but only "
            f"{len(could)} seek an item that was sought before. Next: lower it, or raise load.….requests"
        )
    again = np.zeros(len(items), bool)
    again[generator.choice(could, wanted, replace=False)] = True
    return again.tolist()


def _words(dataset: Dataset, item: int) -> list[str]:
    """The different words of an item in their order: the longer ones, all where there is none."""
    found = words_of(f"{dataset.items[item].title} {dataset.items[item].text}")
    return list(dict.fromkeys([word for word in found if len(word) >= SHORTEST_WORD] or found))


def _new_query(words: list[str], length: tuple[int, int], asked: set[str], generator: np.random.Generator) -> str:
    """Some of the words; another draw where that was asked before, as far as the words allow."""
    query = ""
    for _ in range(DRAWS):
        n = min(int(generator.integers(length[0], length[1] + 1)), len(words))
        query = " ".join(words[place] for place in np.sort(generator.choice(len(words), n, replace=False)))
        if query not in asked:
            break
    return query
