"""What every ranker promises, whichever file it stands in."""

import json
from dataclasses import replace

import numpy as np
import pytest
from small_data import make_dataset, make_items
from small_recommender import ask, ingest_of, make_recommender

from recsys.index import Candidates
from recsys.models.artefacts import CACHE_VARIABLE
from recsys.ranking import RANKERS, Asker
from recsys.serving.protocols import NullTracer
from recsys.types import EventKind, Item, Request, RequestKind

N_ITEMS, N_USERS, T0_S = 40, 12, 4_000
NEW = 7
"""Published after T0_S."""
BLOCKS = {"text": 0.5, "title": 0.0, "description": 1.0, "category": 1.0, "image": 0.2}
OPTIONS = {
    "similarity": {"category": 0.2},
    "hybrid": {"counts": "live", "popular": 5, "search": {"grid": [0.0, 0.5, 1.0], "k": 3}},
    "network": {"blocks": list(BLOCKS), "choices": 60, "epochs": 2},
    "blocks": {"importance": BLOCKS, "users": {"u3": {"image": 4.0}}, "learn": {"rate": 0.5, "training_events": 20}},
}
ENCODERS = [("fake", "offline"), ("fake", "profile"), ("tfidf", "none")]
"""Dense vectors, a text in the path, and sparse vectors."""


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """Networks are trained into a folder of this module's own."""
    patch = pytest.MonkeyPatch()
    patch.setenv(CACHE_VARIABLE, str(tmp_path_factory.mktemp("cache")))
    yield
    patch.undo()


@pytest.fixture(params=RANKERS.kinds())
def kind(request):
    return request.param


@pytest.fixture(params=ENCODERS, ids="-".join)
def recommender(kind, request):
    return build(kind, *request.param)


def dataset(items=None):
    made = list(make_items(N_ITEMS))
    made = [replace(item, text=f"about {item.title[::-1]}" if place % 3 else "") for place, item in enumerate(made)]
    made[NEW] = replace(made[NEW], published_s=T0_S + 1)
    images = np.random.default_rng(5).standard_normal((N_ITEMS, 6)).astype(np.float32)
    images /= np.linalg.norm(images, axis=1, keepdims=True)
    images[::4] = 0
    return replace(make_dataset(N_ITEMS, N_USERS), items=made if items is None else items, arrays={"image": images})


def build(kind, encoder="fake", placement="offline", items=None, **options):
    ranking = {"kind": kind} | OPTIONS.get(kind, {}) | options
    tables = {"requests": {"k": 6}, "retrieval": {"candidates": 12}, "data": {"kind": "embedded", "train_share": 0.9}}
    return make_recommender(dataset(items), encoder, placement, T0_S, arm={"ranking": ranking}, **tables)


def asked():
    return [ask(user, user, T0_S) for user in range(N_USERS)]


def feedback(user, item, kind=EventKind.CLICK):
    return Request(0, RequestKind.FEEDBACK, user, T0_S, item, kind)


def everything(recommender):
    answers = recommender.recommend(asked())
    return [(answer.item_ids, answer.scores) for answer in answers], recommender.scores(asked()).tolist()


def test_its_kind_is_the_name_of_its_file(kind):
    ranker = RANKERS.get(kind)
    assert ranker.__module__ == f"{RANKERS.package}.{kind}"
    assert len(RANKERS.entry(kind).summary) > 20
    assert (ranker.__doc__ or "").strip()


def test_lists_are_of_the_length_asked_for_without_what_was_met_or_is_hidden(recommender):
    seen = [set(recommender.parts.profiles.history(user).items.tolist()) for user in range(N_USERS)]
    for user, answer in enumerate(recommender.recommend(asked())):
        shown = answer.positions.tolist()
        assert len(shown) == len(set(shown)) == 6
        assert not set(shown) & seen[user]
        assert NEW not in shown
        assert np.isfinite(answer.scores).all()


def test_scores_fall_and_equal_ones_stand_by_position(recommender):
    for answer in recommender.recommend(asked()):
        keys = list(zip((-np.array(answer.scores)).tolist(), answer.positions.tolist(), strict=True))
        assert keys == sorted(keys)


def test_one_batch_equals_one_by_one(kind):
    together = build(kind).recommend(asked())
    alone = build(kind)
    for request, answer in zip(asked(), together, strict=True):
        single = alone.recommend([request])[0]
        assert single.positions.tolist() == answer.positions.tolist()
        assert single.scores == pytest.approx(answer.scores, abs=1e-5)


def test_the_reference_pass_scores_the_items_as_the_lists_do(recommender):
    answers, scores = recommender.recommend(asked()), recommender.scores(asked())
    for row, answer in enumerate(answers):
        assert scores[row, answer.positions] == pytest.approx(answer.scores, abs=1e-6)
        assert np.isneginf(scores[row, NEW])


def test_what_it_explains_adds_up_to_what_it_scores(recommender):
    batch = recommender.begin(asked(), NullTracer())
    recommender.encode(batch)
    recommender.retrieve(batch)
    for row, (profile, candidates) in enumerate(zip(batch.profiles, batch.candidates, strict=True)):
        asker = Asker(row, batch.users, row)
        ranked = recommender.parts.ranker.rank(profile, candidates, len(candidates.positions), asker)
        parts = recommender.parts.ranker.explain(profile, candidates, asker)
        assert parts.values.shape == (len(parts.names), len(candidates.positions))
        order = [candidates.positions.tolist().index(position) for position in ranked.positions.tolist()]
        assert parts.scores[order] == pytest.approx(ranked.scores, abs=1e-5)
    assert len(parts.names) == len(set(parts.names)) == len(parts.weights)


def test_no_candidates_no_list(recommender):
    nothing = Candidates(np.zeros(0, np.int32), np.zeros(0, np.float32))
    profiles = recommender.begin(asked()[:1], NullTracer()).profiles
    assert len(recommender.parts.ranker.rank(profiles[0], nothing, 5).positions) == 0


def test_a_user_who_is_not_known_is_ranked_too(recommender):
    answer = recommender.recommend([ask(N_USERS - 1, 0, 0)])[0]
    recommender.rewind(0)
    cold = recommender.recommend([ask(0, 0, 0)])[0]
    assert len(answer.positions) == len(cold.positions) == 6
    assert np.isfinite(cold.scores).all()


def test_a_ranker_without_a_user_vector_ranks_by_the_candidates_alone(recommender):
    batch = recommender.begin(asked()[:1], NullTracer())
    candidates = Candidates(np.array([3, 9, 5], np.int32), np.array([0.9, 0.5, 0.1], np.float32))
    ranked = recommender.parts.ranker.rank(batch.profiles[0], candidates, 2)
    assert len(ranked.positions) == 2
    assert set(ranked.positions.tolist()) <= {3, 9, 5}


def test_feedback_and_ingest_are_undone_by_a_rewind_bit_by_bit(kind):
    items = list(dataset().items)
    recommender = build(kind, items=items)
    before = everything(recommender)
    recommender.rewind(T0_S)
    assert everything(recommender) == before
    for user in range(N_USERS):
        for item in (20, 30):
            recommender.update(feedback(user, item))
    for position in (4, 5, 11):
        items[position] = Item(items[position].item_id, "fresh", "teapot news", "garden")
    recommender.ingest([ingest_of(position, row) for row, position in enumerate((4, NEW, 11))])
    recommender.ingest([ingest_of(5)])
    after = everything(recommender)
    assert after != before
    recommender.rewind(T0_S)
    assert everything(recommender) == before


FITTED_AT_T0 = {"hybrid": {"weight": 0.5, "scale": "candidates"}, "blocks": {"learn": None}}
"""Options under which nothing is fitted on the items' vectors; a network always is (tests/unit/recsys/ranking)."""


@pytest.mark.parametrize("placement", ["offline", "profile"])
@pytest.mark.parametrize("ranking", [kind for kind in RANKERS.kinds() if kind != "network"])
def test_items_that_come_in_rank_as_if_they_had_been_there(ranking, placement):
    options = FITTED_AT_T0.get(ranking, {})
    items = list(dataset().items)
    ingested = build(ranking, "fake", placement, items=items, **options)
    items[4] = Item(items[4].item_id, "fresh", "teapot news", "garden")
    ingested.ingest([ingest_of(4)])
    lists, scores = everything(ingested)
    fresh_lists, fresh_scores = everything(build(ranking, "fake", placement, items=items, **options))
    assert [ids for ids, _ in lists] == [ids for ids, _ in fresh_lists]
    assert np.array(scores) == pytest.approx(np.array(fresh_scores), abs=1e-5)


def test_it_says_what_it_is_in_plain_values(recommender):
    described = recommender.parts.ranker.describe()
    assert json.loads(json.dumps(described, allow_nan=False)) == described
    assert described.get("kind", recommender.parts.ranker.__module__.rpartition(".")[2])


def test_two_builds_are_one(kind):
    assert everything(build(kind)) == everything(build(kind))
