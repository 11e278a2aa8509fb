"""The items as they are held, changed and known."""

from dataclasses import replace

import pytest
from small_data import make_items

from recsys.catalogue import Catalogue, CleanItem
from recsys.types import Item


def state(catalogue):
    return (
        list(catalogue.titles),
        list(catalogue.texts),
        catalogue.category_codes.tolist(),
        catalogue.n_categories,
        catalogue.hidden_positions.tolist(),
        catalogue.n_hidden,
    )


def test_an_item_is_read_as_its_title_and_its_description_cleaned():
    assert CleanItem.of(Item("i", " A&amp;B ", "<p>soft\n wool</p>", "c")) == CleanItem("A&B", "A&B. soft wool", "c")
    assert CleanItem.of(Item("i", "A")).text == "A"
    assert CleanItem.of(Item("i", "", "wool")).text == "wool"


def test_all_items_are_known_at_first():
    catalogue = Catalogue.of([replace(item, published_s=10**9) for item in make_items(3)])
    assert (catalogue.n_hidden, catalogue.hidden_positions.tolist()) == (0, [])


@pytest.mark.parametrize(("as_of_s", "hidden"), [(-5, [1, 2, 3]), (0, [1, 2, 3]), (1, [1, 2]), (8, [1]), (10, [])])
def test_what_is_known_was_published_before_and_a_date_of_0_is_a_date(as_of_s, hidden):
    dates = [None, 9, 7, 0]
    catalogue = Catalogue.of([replace(item, published_s=at) for item, at in zip(make_items(4), dates, strict=True)])
    catalogue.rewind(as_of_s)
    assert catalogue.hidden_positions.tolist() == hidden
    assert catalogue.n_hidden == len(hidden)
    known = [text for position, text in enumerate(catalogue.texts) if position not in hidden]
    assert catalogue.texts_known_at(as_of_s) == known, "what an encoder is fitted on is what is known"


def test_an_item_put_twice_counts_once_and_a_rewind_brings_back_what_was_built():
    items = [replace(item, published_s=5) for item in make_items(6)]
    catalogue = Catalogue.of(items)
    catalogue.rewind(5)
    before = state(catalogue)
    news = [
        CleanItem("one", "one", "new category"),
        CleanItem("two", "two", "another"),
        CleanItem("three", "three", ""),
    ]
    catalogue.put([2, 2, 4], news)
    assert (catalogue.titles[2], catalogue.titles[4]) == ("two", "three")
    assert catalogue.category_codes[[2, 4]].tolist() == [4, -1]
    assert (catalogue.n_categories, catalogue.n_hidden) == (5, 4)
    catalogue.put([2], [CleanItem("four", "four", "new category")])
    assert (catalogue.category_codes[2], catalogue.n_categories, catalogue.n_hidden) == (3, 5, 4)
    catalogue.rewind(5)
    assert state(catalogue) == before


def test_a_copy_changes_by_itself():
    catalogue = Catalogue.of(make_items(4))
    before = state(catalogue)
    other = catalogue.copy()
    assert state(other) == before
    other.put([1], [CleanItem("news", "news", "new category")])
    other.rewind(-1)
    other.put([1], [CleanItem("news", "news", "new category")])
    assert state(catalogue) == before
