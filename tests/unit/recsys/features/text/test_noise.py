"""Planted noise: at the rate that is asked for, of the kinds that are named, and the same for everybody."""

import re
import subprocess
import sys
from collections import Counter

import pytest
from small_data import make_dataset

from recsys.errors import BadOptions
from recsys.features.text.noise import Noise, NoiseOptions, noisy_dataset
from recsys.options import parse_options

WORDS = [f"{a}{b}{c}ett" for a in "bcdfg" for b in "aeiou" for c in "klmnprst"] * 10
TEXT = " ".join(WORDS)
KINDS = ("typos", "broken", "capitals", "punctuation", "markup", "emoji", "urls")


def noise(**rates):
    return Noise(NoiseOptions(**{f"{kind}_per_100_words": rate for kind, rate in rates.items()}))


def changed(spoilt):
    return [place for place, (word, new) in enumerate(zip(WORDS, spoilt.split(" "), strict=True)) if word != new]


def distance(one, other):
    """Damerau's edits, by optimal string alignment, for the short words here."""
    rows = [[i + j if i * j == 0 else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            cost = one[i - 1] != other[j - 1]
            rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + cost)
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]


def test_no_noise_by_default():
    plain = Noise(NoiseOptions())
    assert not plain.is_planted("items")
    assert plain(TEXT, "items") is TEXT
    dataset = make_dataset()
    assert noisy_dataset(dataset, plain) is dataset


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_keeps_its_rate(kind):
    spoilt = noise(**{kind: 20})(TEXT, "items")
    if kind == "markup":
        hits = len(re.findall(r"<b>|<br/>|<span|&nbsp;|&quot;\w+&quot;", spoilt))
    elif kind in ("emoji", "urls"):
        hits = len(spoilt.split(" ")) - len(WORDS)
    else:
        hits = len(changed(spoilt))
    sd = (len(WORDS) * 0.2 * 0.8) ** 0.5
    assert abs(hits - 0.2 * len(WORDS)) < 4 * sd


def test_a_typo_is_one_edit_and_never_the_first_letter():
    spoilt = noise(typos=100)(TEXT, "items").split(" ")
    assert all(distance(word, new) == 1 for word, new in zip(WORDS, spoilt, strict=True))
    assert all(word[0] == new[0] for word, new in zip(WORDS, spoilt, strict=True))
    lengths = Counter(len(new) - len(word) for word, new in zip(WORDS, spoilt, strict=True))
    assert min(lengths.values()) > 0.15 * len(WORDS), "letters are left out, put in, and neither"


def test_typos_need_four_latin_letters():
    text = "the tea 2026 科幻电影科幻 красивые is it"
    assert noise(typos=100)(text, "items") == text
    assert noise(typos=100)("(Kettle),", "items")[0:2] == "(K"


def test_a_kind_stays_where_it_is_when_another_is_added():
    typos = changed(noise(typos=10)(TEXT, "items"))
    both = changed(noise(typos=10, capitals=10)(TEXT, "items").replace("!", ""))
    assert set(typos) < set(both)
    assert set(typos) < set(changed(noise(typos=30)(TEXT, "items"))), "more of a kind keeps what there was"


def test_items_and_queries_are_spoilt_apart_and_only_where_asked():
    both = noise(typos=20)
    assert both(TEXT, "items") != both(TEXT, "queries")
    queries = Noise(NoiseOptions(typos_per_100_words=20, where=["queries"]))
    assert queries(TEXT, "items") is TEXT
    assert queries(TEXT, "queries") == both(TEXT, "queries")
    assert Noise(NoiseOptions(typos_per_100_words=20, seed=8))(TEXT, "items") != both(TEXT, "items")


def test_another_process_plants_the_same():
    code = (
        "from recsys.features.text.noise import *\n"
        "print(Noise(NoiseOptions(typos_per_100_words=50, markup_per_100_words=50))('a quiet kettle sings', 'items'))"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert other == noise(typos=50, markup=50)("a quiet kettle sings", "items") + "\n"


def test_a_noisy_data_set_is_the_same_but_for_its_texts():
    dataset = make_dataset()
    noisy = noisy_dataset(dataset, noise(capitals=100))
    assert [item.title for item in noisy.items] == [item.title.upper() for item in dataset.items]
    assert [item.item_id for item in noisy.items] == [item.item_id for item in dataset.items]
    assert noisy.events is dataset.events


def test_unknown_kinds_of_noise_are_refused():
    with pytest.raises(BadOptions, match="typo_per_100_words.*did you mean.*typos_per_100_words"):
        parse_options(NoiseOptions, {"typo_per_100_words": 5}, "noise")
