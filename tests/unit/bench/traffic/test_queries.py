"""What users type: words of what they choose next, so many of them asked before, the same for a seed."""

import numpy as np
import pytest
from small_data import make_dataset
from small_recommender import make_scenario

from bench.errors import ConfigError
from bench.scenario import QueriesTable, Scenario
from bench.scenario_file import read_scenario
from bench.traffic.queries import draw_queries
from bench.traffic.requests import draw_trace
from recsys.data.loading import load_dataset
from recsys.features.text.words import words_of
from recsys.types import RequestKind

EMBEDDED = load_dataset("embedded", data_dirs=(), users=600)


def scenario(**requests):
    arm = {"name": "a", "encoder": {"kind": "tfidf"}, "placement": "none"}
    data = {"kind": "embedded", "train_share": 0.5}
    return make_scenario(arm, data=data, requests={"feedback_share": 0.25} | requests)


def draw(wanted, dataset=None, **requests):
    return draw_trace(scenario(**requests), dataset or make_dataset(), wanted, ())


def sought(n=2_000, seed=1):
    """Items as unevenly sought as a Zipf law with s = 0.65 has it."""
    chances = np.arange(1, len(EMBEDDED.items) + 1) ** -0.65
    draws = np.random.default_rng(seed).choice(len(EMBEDDED.items), n, p=chances / chances.sum())
    return draws.astype(np.int32)


def test_queries_have_as_many_words_as_is_said_and_all_are_the_items():
    items = sought()
    queries = draw_queries(QueriesTable(words=(3, 8)), EMBEDDED, items, seed=7)
    lengths = [len(query.split()) for query in queries]
    assert set(lengths) == set(range(3, 9))
    assert np.bincount(lengths)[3:] == pytest.approx(len(items) / 6, rel=0.2), "each length as likely"
    for query, item in zip(queries, items.tolist(), strict=True):
        chosen = EMBEDDED.items[item]
        words = words_of(f"{chosen.title} {chosen.text}")
        places = [words.index(word) for word in query.split()]
        assert places == sorted(places), "in the order in which they stand there"


def test_exactly_the_share_was_asked_before_in_the_same_words():
    items = sought()
    queries = draw_queries(QueriesTable(repeat_share=0.18), EMBEDDED, items, seed=7)
    before: dict[str, int] = {}
    repeats = 0
    for query, item in zip(queries, items.tolist(), strict=True):
        repeats += query in before
        assert before.setdefault(query, item) == item, "whoever asks the same seeks the same"
    assert repeats == round(0.18 * len(items))


def test_a_share_of_the_requests_has_no_query():
    queries = draw_queries(QueriesTable(share=0.25), EMBEDDED, sought(), seed=7)
    assert sum(map(bool, queries)) == 500


def test_the_same_seed_types_the_same():
    table = QueriesTable(repeat_share=0.18)
    first, again, other = (draw_queries(table, EMBEDDED, sought(), seed) for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_more_repeats_than_items_sought_again_are_refused():
    with pytest.raises(ConfigError, match=r"repeat_share = 0.5 of 4 queries are 2, but only 1 seek.*Next"):
        draw_queries(QueriesTable(repeat_share=0.5), EMBEDDED, np.array([1, 2, 3, 1], np.int32), seed=7)


def test_a_trace_asks_with_the_words_of_what_its_user_meets_then():
    dataset = make_dataset()
    trace = draw(60, dataset, queries={"words": [1, 2]}, ingest_share=0.1)
    asked = np.flatnonzero(trace.kind == RequestKind.RECOMMEND).tolist()
    assert sorted(trace.queries) == asked, "each request for a list, and none beside them"
    for row in asked:
        now = dataset.by_user.since(trace.user[row], trace.timestamp_s[row])
        met = now.item[now.timestamp_s == trace.timestamp_s[row]].tolist()
        words = trace.queries[row].split()
        assert any(set(words) <= set(words_of(dataset.items[item].title)) for item in met)
    assert trace.requests(asked[0], asked[0] + 1)[0].query == trace.queries[asked[0]]


def test_who_asks_does_not_depend_on_what_is_typed():
    plain, typed = draw(60), draw(60, queries={})
    for column in ("kind", "user", "timestamp_s", "item", "event_kind"):
        assert (getattr(plain, column) == getattr(typed, column)).all()
    assert plain.sha256 != typed.sha256


def test_a_scenario_without_queries_has_the_hash_that_it_had_before_there_were_any():
    plain = scenario()
    assert "queries" not in plain.model_dump()["requests"]
    typed = scenario(queries={"repeat_share": 0.18})
    assert plain.hash != typed.hash
    assert Scenario.model_validate(typed.model_dump(mode="json")) == typed, "a stored one is read back"


@pytest.mark.parametrize(("words", "said"), [([3, 2], "the fewest"), ([0, 2], "at least 1"), ([3], "words")])
def test_lengths_that_contradict_themselves_are_refused(words, said):
    with pytest.raises(ValueError, match=said):
        scenario(queries={"words": words})


def test_the_search_scenario_types_as_measured():
    """3 to 8 words, 18 % of the queries asked before, with every request for a list."""
    resolved = read_scenario("search").scenario
    trace = draw_trace(resolved, load_dataset("embedded", data_dirs=(), users=2000), 2_000, ())
    queries = [trace.queries[row] for row in sorted(trace.queries)]
    assert len(queries) == trace.counts()["recommend"]
    assert all(3 <= len(query.split()) <= 8 for query in queries)
    assert len(queries) - len(set(queries)) == round(0.18 * len(queries))
