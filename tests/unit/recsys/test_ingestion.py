"""New and changed items: seen by everyone from their ingest on, by nobody before, and undone by a rewind."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse
from dated_recommender import NEW, PUBLISHED_S, T0_S, assemble, change, combinations, dated_dataset, dated_items
from small_data import dataset_of, make_dataset
from small_recommender import Journal, ask, ingest_of, make_recommender, make_scenario

from bench.clock import VirtualClock
from bench.measure.arm import build_recommender, encode_catalogue
from bench.measure.planted import plant_sleeps
from bench.measure.recorder import Recorder
from recsys.errors import DataError
from recsys.types import EventKind, Item, Request, RequestKind


@pytest.fixture(params=combinations(), ids="-".join)
def parts(request):
    return request.param


def everything(recommender):
    """What everyone is recommended, and all scores, of users who have met something."""
    requests = [ask(user, row, T0_S) for row, user in enumerate((0, 1))]
    answers = recommender.recommend(requests)
    return [(answer.item_ids, answer.scores) for answer in answers], recommender.scores(requests).tolist()


def dense(vectors):
    return vectors.toarray() if isinstance(vectors, scipy.sparse.csr_array) else np.asarray(vectors)


def index_row(recommender, position):
    """The vector that an exact index holds: its scores for the unit vectors of the space."""
    dim = recommender.parts.encoder.info.dim
    basis = np.eye(dim, dtype=np.float32)
    queries = scipy.sparse.csr_array(basis) if recommender.parts.encoder.info.sparse else basis
    return recommender.parts.index.scores(queries)[:, position]


def test_a_new_item_is_recommended_from_its_ingest_on_and_not_before(parts):
    recommender = assemble(*parts)
    asked = [ask(0, 0, T0_S)]
    before = recommender.recommend(asked)[0]
    assert NEW not in before.positions
    assert np.isneginf(recommender.scores(asked)[0][NEW])
    recommender.ingest([ingest_of(NEW)])
    after = recommender.recommend(asked)[0]
    assert after.positions[0] == NEW, "its words are those of what the user has met"
    assert recommender.scores(asked)[0].argmax() == NEW
    recommender.rewind(T0_S)
    again = recommender.recommend(asked)[0]
    assert (again.item_ids, again.scores) == (before.item_ids, before.scores)
    recommender.rewind(PUBLISHED_S)
    assert NEW not in recommender.recommend(asked)[0].positions, "known strictly after it was published"
    recommender.rewind(PUBLISHED_S + 1)
    assert recommender.recommend(asked)[0].positions[0] == NEW, "the data has it, and needs no ingest"


def test_items_without_a_date_are_known_from_the_start(parts):
    recommender = assemble(*parts)
    recommender.rewind(0)
    assert recommender.parts.catalogue.hidden_positions.tolist() == [1, NEW]
    assert recommender.parts.catalogue.n_hidden == 2


def test_a_changed_item_changes_its_row_everywhere_and_a_rewind_undoes_it_bit_by_bit(parts):
    items = dated_items()
    recommender = assemble(*parts, items)
    catalogue, encoder = recommender.parts.catalogue, recommender.parts.encoder
    before, row = everything(recommender), index_row(recommender, 4)
    old = catalogue.titles[4], catalogue.texts[4], catalogue.category_codes[4], catalogue.n_categories
    change(items, 4)
    assert everything(recommender) == before, "nobody knows of it yet"
    recommender.ingest([ingest_of(4)])
    assert (catalogue.titles[4], catalogue.texts[4]) == ("fresh", "fresh. teapot news")
    assert index_row(recommender, 4) == pytest.approx(dense(encoder.encode(["fresh. teapot news"]))[0], abs=1e-6)
    assert everything(recommender) != before
    recommender.rewind(T0_S)
    assert everything(recommender) == before
    assert (index_row(recommender, 4) == row).all()
    assert (catalogue.titles[4], catalogue.texts[4], catalogue.category_codes[4], catalogue.n_categories) == old


def test_a_changed_item_in_a_history_is_read_as_it_is_now(parts):
    """User 1 has met items 3 and 4; when both become news, news is what they like."""
    items = dated_items()
    recommender = assemble(*parts, items)
    for position in (3, 4, 9):
        change(items, position)
    recommender.ingest([ingest_of(position) for position in (3, 4, 9)])
    best = recommender.recommend([ask(1, 0, T0_S)])[0]
    if parts[0] != "profile":  # a hash of "fresh, fresh" is not near one of "fresh. teapot news"
        assert best.positions[0] == 9
    (lists, scores), (fresh_lists, fresh_scores) = everything(recommender), everything(assemble(*parts, items))
    assert [ids for ids, _ in lists] == [ids for ids, _ in fresh_lists], "as if it had been built with these items"
    assert np.array(scores) == pytest.approx(np.array(fresh_scores), abs=1e-6)


def test_together_items_enter_as_they_do_one_by_one(parts):
    items = dated_items()
    together, alone = assemble(*parts, items), assemble(*parts, items)
    change(items, 4)
    change(items, 2)
    wanted = [4, NEW, 2, NEW]
    together.ingest([ingest_of(item, row) for row, item in enumerate(wanted)])
    for row, item in enumerate(wanted):
        alone.ingest([ingest_of(item, row)])
    (lists, scores), (single_lists, single_scores) = everything(together), everything(alone)
    assert [ids for ids, _ in lists] == [ids for ids, _ in single_lists]
    assert np.array(scores) == pytest.approx(np.array(single_scores), abs=1e-6)


def test_an_event_with_an_item_that_is_not_known_yet_says_nothing_until_it_is(parts):
    recommender = assemble(*parts)
    before = everything(recommender)
    recommender.update(Request(0, RequestKind.FEEDBACK, 1, T0_S, NEW, EventKind.PURCHASE))
    assert everything(recommender) == before, "neither its words nor its vector may be read"
    recommender.ingest([ingest_of(NEW)])
    requests = [ask(1, 0, T0_S)]
    assert NEW not in recommender.recommend(requests)[0].positions, "it was met"
    fresh = assemble(*parts)
    fresh.ingest([ingest_of(NEW)])
    assert fresh.scores(requests).tolist() != recommender.scores(requests).tolist()


def test_the_features_of_an_ingested_item_count_in_its_rank():
    """A category that nobody had: the ranker learns of it with the item, and forgets it with a rewind."""
    items = dated_items()
    ranking = {"arm": {"ranking": {"kind": "similarity", "text": 0.0, "category": 1.0}}, "requests": {"k": 3}}
    recommender = make_recommender(dated_dataset(items), "fake", "offline", T0_S, **ranking)
    for position in (0, 5):
        change(items, position)
    assert recommender.recommend([ask(0)])[0].positions.tolist() == [3, 6, 9], "those of the category of item 0"
    recommender.ingest([ingest_of(0, 0), ingest_of(5, 1)])
    answer = recommender.recommend([ask(0)])[0]
    assert (answer.positions[0], answer.scores[0], answer.scores[1]) == (5, 1.0, 0.0)
    recommender.rewind(T0_S)
    assert recommender.recommend([ask(0)])[0].positions.tolist() == [3, 6, 9]


def test_every_stage_is_marked_once_in_order_and_tokens_are_counted():
    journal = Journal()
    make_recommender(make_dataset()).ingest([ingest_of(3, 5), ingest_of(8, 6)], journal)
    assert journal.marks == [(stage, [5, 6]) for stage in ("clean", "prepare", "batch_wait", "encode", "index")]
    assert journal.n_tokens == [([5, 6], [4, 4])], "the fake encoder makes four ids of a text"
    assert journal.n_padded == [([5, 6], 8)]


def test_word_counts_pad_nothing():
    items = [Item("a", "red kettle"), Item("b", "red blue kettle teapot lamp")]
    journal = Journal()
    recommender = make_recommender(
        replace(dataset_of([(1, 0, 0), (2, 1, 1)], n_items=2), items=items), "hashing", "none", requests={"k": 1}
    )
    recommender.ingest([ingest_of(0, 0), ingest_of(1, 1)], journal)
    assert (journal.n_tokens, journal.n_padded) == ([([0, 1], [2, 5])], [([0, 1], 7)])


def test_an_item_is_encoded_again_only_when_its_text_has_changed():
    items = dated_items()
    recommender = make_recommender(dated_dataset(items), arm={"cache": {"capacity_mb": 1}})
    costs = []
    for title in ("first", "first", "second  &amp; last", "second & last"):
        items[4] = replace(items[4], title=title)
        journal = Journal()
        recommender.ingest([ingest_of(4)], journal)
        costs.append(journal.n_tokens[0][1][0])
    assert costs == [4, 0, 4, 0], "cleaned texts are compared"


@pytest.mark.parametrize("placement", ["items", "offline"])
def test_recommenders_of_one_encoded_catalogue_do_not_disturb_each_other(placement):
    items = dated_items()
    dataset = dated_dataset(items)
    scenario = make_scenario({"name": "a", "encoder": {"kind": "fake"}, "placement": placement})
    encoded = encode_catalogue(scenario, scenario.arm[0], dataset, VirtualClock())
    one, other = (build_recommender(scenario, scenario.arm[0], dataset, encoded) for _ in range(2))
    one.rewind(T0_S)
    other.rewind(T0_S)
    before = everything(other)
    change(items, 4)
    one.ingest([ingest_of(4), ingest_of(NEW, 1)])
    assert everything(one) != before
    assert everything(other) == before


@pytest.mark.parametrize("item", [-1, 12])
def test_a_position_that_the_data_lacks_is_refused_and_changes_nothing(item):
    recommender = make_recommender(dated_dataset(), as_of_s=T0_S)
    with pytest.raises(DataError, match=f"item {item}.*0 to 11.*Next:"):
        recommender.ingest([ingest_of(NEW, 0), ingest_of(item, 1)])
    assert recommender.parts.catalogue.hidden[NEW]


def test_with_all_items_known_no_history_is_filtered(monkeypatch):
    """The path of a request is the one of a recommender that has no such thing as a hidden item."""
    recommender = make_recommender(dated_dataset())
    monkeypatch.setattr("recsys.features.profile.History.where", lambda *_: pytest.fail("filtered"))
    assert recommender.parts.catalogue.n_hidden == 0
    assert len(recommender.recommend([ask(0)])[0].positions) == 10


@pytest.mark.parametrize("stage", ["clean", "prepare", "encode", "index"])
def test_a_planted_sleep_falls_into_its_own_stage(stage, monkeypatch):
    clock = VirtualClock()
    monkeypatch.setattr("bench.measure.planted.nap", lambda s: clock.wait_until_ns(clock.now_ns() + round(s * 1e9)))
    recommender = make_recommender(make_dataset())
    plant_sleeps(recommender, {stage: 10.0})
    recorder = Recorder(1, 1, clock)
    recommender.ingest([ingest_of(3)], recorder)
    order = ["clean", "prepare", "batch_wait", "encode", "index"]
    ends_ns = [int(recorder.marks_ns[name][0]) for name in order]
    assert dict(zip(order, np.diff([0, *ends_ns]).tolist(), strict=True)) == {
        name: 10_000_000 * (name == stage) for name in order
    }
