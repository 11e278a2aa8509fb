"""Feature blocks: cosine between a user's and an item's categories."""

import numpy as np
import pytest

from recsys.catalogue import Catalogue, CleanItem
from recsys.features.blocks import CategoryBlock
from recsys.features.profile import Profile
from recsys.types import Item

EVERYTHING = np.arange(4, dtype=np.int32)


def catalogue(*categories):
    return Catalogue.of([Item(f"i{place}", "title", category=name) for place, name in enumerate(categories)])


def profile(items, weights):
    rows = np.array(items, np.int32)
    return Profile(rows, np.array(weights, np.float32), rows)


def test_similarity_is_the_cosine_of_category_vectors():
    block = CategoryBlock(catalogue("a", "b", "a", "c"))
    found = block.similarity(profile([0, 1], [0.75, 0.25]), EVERYTHING)
    length = np.hypot(0.75, 0.25)
    assert found == pytest.approx([0.75 / length, 0.25 / length, 0.75 / length, 0])
    assert found.dtype == np.float32


def test_without_a_category_the_cosine_is_0():
    block = CategoryBlock(catalogue("a", "", "a", ""))
    assert block.similarity(profile([0], [1.0]), EVERYTHING) == pytest.approx([1, 0, 1, 0])
    assert block.similarity(profile([1], [1.0]), EVERYTHING) == pytest.approx([0, 0, 0, 0])
    assert block.similarity(profile([], []), EVERYTHING) == pytest.approx([0, 0, 0, 0])


def test_it_reads_an_item_as_the_catalogue_has_it_now():
    known = catalogue("a", "b", "a")
    block = CategoryBlock(known)
    known.put([2], [CleanItem("title", "title", "new")])
    assert block.similarity(profile([2], [1.0]), np.arange(3, dtype=np.int32)).tolist() == [0.0, 0.0, 1.0]
    known.rewind(0)
    assert block.similarity(profile([2], [1.0]), np.arange(3, dtype=np.int32)).tolist() == [1.0, 0.0, 1.0]
