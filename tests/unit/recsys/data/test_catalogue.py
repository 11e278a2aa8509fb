"""The embedded catalogue is varied, natural text: no templates with swapped nouns, over all five files together."""

import itertools
import re
from collections import Counter, defaultdict
from datetime import date

import pytest

from recsys.data.embedded import DOMAINS, CatalogueItem, read_catalogue

TOPICS = 24
TONES = {"practical", "reflective", "playful", "urgent"}
LEVELS = {"casual", "expert"}
MOST_OF_A_KIND = 3
MOST_SHARED_GRAMS = 0.3
FUNCTION_WORDS = """
    a an the this that these those my your his her its our their some any no every each both all i you he she
    it we they me him us them who what which whose when where why how if because while although though until
    unless since before after as than so and or but nor yet of to in on at by for with from into onto over
    under between through during without within about against is are was were be been being am do does did has
    have had will would can could may might must shall should not never only just even still also too very
    more most less least here there then once again out up down off
    """
CATALOGUE = read_catalogue()


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", text.lower())


def sentences(item: CatalogueItem) -> list[str]:
    return re.split(r"(?<=[.!?])\s+", item.text.strip())


def frame(sentence: str) -> str:
    """The function words of a sentence; each run of content words is one blank."""
    function_words = FUNCTION_WORDS.split()
    marks = " ".join(word if word in function_words else "_" for word in words(sentence))
    return re.sub(r"_( _)+", "_", marks)


def four_grams(text: str) -> set[tuple[str, ...]]:
    listed = words(text)
    return set(zip(*(listed[start:] for start in range(4)), strict=False))


def test_size_and_domains():
    assert len(CATALOGUE) >= 500
    assert set(Counter(item.domain for item in CATALOGUE)) == set(DOMAINS)
    assert min(Counter(item.domain for item in CATALOGUE).values()) >= 100


@pytest.mark.parametrize("field", ["item_id", "title", "text"])
def test_no_two_items_share(field):
    values = [getattr(item, field) for item in CATALOGUE]
    assert [value for value, count in Counter(values).items() if count > 1] == []


def test_attributes_are_known_and_all_used():
    assert {item.tone for item in CATALOGUE} == TONES
    assert {item.level for item in CATALOGUE} == LEVELS
    per_topic = Counter(item.topic for item in CATALOGUE)
    assert len(per_topic) == TOPICS
    assert set(per_topic.values()) == {25}
    assert {(item.topic, item.domain) for item in CATALOGUE} == set(itertools.product(per_topic, DOMAINS))


def test_every_item_is_complete():
    for item in CATALOGUE:
        assert item.item_id.startswith(f"{item.domain}-")
        assert 2 <= len(item.title.split()) <= 14, item.item_id
        assert 12 <= len(item.text.split()) <= 75, item.item_id
        assert 1 <= len(sentences(item)) <= 3, item.item_id
        assert item.category
        assert date(2024, 1, 1) <= date.fromisoformat(item.date) <= date(2025, 12, 31), item.item_id


def test_dates_do_not_follow_the_ids():
    for domain in DOMAINS:
        dates = [item.date for item in CATALOGUE if item.domain == domain]
        assert dates != sorted(dates)
        assert len({day[:7] for day in dates}) >= 20, f"{domain}: months of two years"


def test_no_two_texts_share_much_wording():
    grams = [(item.item_id, four_grams(item.text)) for item in CATALOGUE]
    alike = [
        (first, second)
        for (first, a), (second, b) in itertools.combinations(grams, 2)
        if len(a & b) > MOST_SHARED_GRAMS * min(len(a), len(b))
    ]
    assert alike == []


def test_no_sentence_frame_is_used_often():
    users = defaultdict(list)
    for item in CATALOGUE:
        for sentence in sentences(item):
            if len(words(sentence)) >= 5:
                users[frame(sentence)].append(item.item_id)
    assert {key: ids for key, ids in users.items() if len(ids) > MOST_OF_A_KIND} == {}


def test_no_opening_is_used_often():
    users = defaultdict(list)
    for item in CATALOGUE:
        for sentence in sentences(item):
            users[" ".join(words(sentence)[:3])].append(item.item_id)
    assert {key: ids for key, ids in users.items() if len(ids) > MOST_OF_A_KIND} == {}


def test_frames_catch_swapped_nouns():
    """The check itself: a template with other nouns has the same frame, another construction has not."""
    assert frame("The red bike in the shed is for sale.") == frame("The blue kettle in the kitchen is for guests.")
    assert frame("The red bike in the shed is for sale.") != frame("Who left a red bike in our shed?")
