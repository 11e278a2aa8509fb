"""The recommender as a whole, on data small enough to rank by hand."""

import numpy as np
import pytest
from small_data import dataset_of, make_dataset
from small_recommender import LATER_S, Journal, ask, make_recommender

from bench.clock import VirtualClock
from bench.measure.recorder import Recorder
from recsys.errors import BadVectors
from recsys.serving.protocols import STAGES
from recsys.types import EventKind, Request, RequestKind

ENCODERS = [("tfidf", "none"), ("fake", "profile")]


@pytest.mark.parametrize(("encoder", "placement"), ENCODERS)
def test_what_the_user_met_is_left_out_only_when_asked_to(encoder, placement):
    dataset = make_dataset()
    met = [set(dataset.by_user.before(user, LATER_S).item.tolist()) for user in range(12)]
    requests = [ask(user, user) for user in range(12)]
    without = make_recommender(dataset, encoder, placement).recommend(requests)
    assert all(not met[user] & set(answer.positions.tolist()) for user, answer in enumerate(without))
    keep = {"retrieval": {"exclude_seen": False}}
    with_seen = make_recommender(dataset, encoder, placement, **keep).recommend(requests)
    assert any(met[user] & set(answer.positions.tolist()) for user, answer in enumerate(with_seen))


@pytest.mark.parametrize(("encoder", "placement"), ENCODERS)
def test_scores_fall_and_equal_ones_stand_by_position(encoder, placement):
    answers = make_recommender(make_dataset(), encoder, placement).recommend([ask(user, user) for user in range(12)])
    for answer in answers:
        keys = list(zip((-np.array(answer.scores)).tolist(), answer.positions.tolist(), strict=True))
        assert keys == sorted(keys)
        assert answer.item_ids == tuple(f"i{position}" for position in answer.positions)


def test_a_user_without_history_gets_the_catalogue_in_its_order():
    """Every score is 0, so ties decide."""
    dataset = dataset_of([(1, 0, 0), (2, 1, 1)], n_items=8)
    for encoder, placement in (("tfidf", "none"), ("fake", "offline"), ("fake", "items")):
        answer = make_recommender(dataset, encoder, placement, requests={"k": 4}).recommend([ask(2)])[0]
        assert answer.positions.tolist() == [0, 1, 2, 3]
        assert set(answer.scores) == {0.0}


def test_a_list_is_as_short_as_the_unseen_items():
    rows = [(time_s, 0, item) for time_s, item in enumerate([0, 1, 3])]
    answer = make_recommender(dataset_of(rows, n_items=5), requests={"k": 5}).recommend([ask(0)])[0]
    assert sorted(answer.positions.tolist()) == [2, 4]
    everything = dataset_of([(time_s, 0, time_s) for time_s in range(5)], n_items=5)
    assert make_recommender(everything, requests={"k": 5}).recommend([ask(0)])[0].item_ids == ()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_user_whose_vector_is_not_finite_gets_no_list(bad):
    recommender = make_recommender(make_dataset())
    forward = recommender.parts.encoder.forward
    recommender.parts.encoder.forward = lambda prepared: np.where(np.arange(16) == 3, bad, forward(prepared))
    with pytest.raises(BadVectors, match="not finite"):
        recommender.recommend([ask(0)])


def test_one_batch_equals_one_by_one():
    dataset = make_dataset()
    requests = [ask(user, user) for user in range(12)]
    for encoder, placement in (*ENCODERS, ("fake", "items"), ("fake", "offline")):
        together = make_recommender(dataset, encoder, placement).recommend(requests)
        alone = make_recommender(dataset, encoder, placement)
        for request, answer in zip(requests, together, strict=True):
            single = alone.recommend([request])[0]
            assert single.positions.tolist() == answer.positions.tolist()
            assert single.scores == pytest.approx(answer.scores, abs=1e-6)


@pytest.mark.parametrize("placement", ["profile", "items", "offline"])
def test_batches_that_are_split_and_joined_anew_answer_the_same(placement):
    recommender = make_recommender(make_dataset(), placement=placement)
    requests = [ask(user, user) for user in range(12)]
    recorder = Recorder(12, 10, VirtualClock())
    together = recommender.recommend(requests)
    parts = recommender.begin(requests, recorder).split()
    assert [part.rows for part in parts] == [[row] for row in range(12)]
    regrouped = [*recommender.finish(parts[:5], recorder), *recommender.finish(parts[5:], recorder)]
    assert [answer.item_ids for answer in regrouped] == [answer.item_ids for answer in together]


def test_items_in_the_request_and_offline_vectors_give_the_same_lists():
    """Where the vectors come from must not change what is recommended: encoding is deterministic here."""
    dataset = make_dataset()
    requests = [ask(user, user) for user in range(12)]
    offline = make_recommender(dataset, placement="offline").recommend(requests)
    items = make_recommender(dataset, placement="items").recommend(requests)
    cached = make_recommender(dataset, placement="items", arm={"cache": {"capacity_mb": 1}})
    for answers in (items, cached.recommend(requests), cached.recommend(requests)):
        assert [answer.item_ids for answer in answers] == [answer.item_ids for answer in offline]


def test_feedback_is_seen_by_the_next_request_of_its_user_and_by_nobody_else():
    recommender = make_recommender(make_dataset(), placement="offline")
    first, other = recommender.recommend([ask(0), ask(1, 1)])
    best = int(first.positions[0])
    tracer = Recorder(1, 1, VirtualClock())
    recommender.feed_back(Request(0, RequestKind.FEEDBACK, 0, LATER_S, best, EventKind.PURCHASE), tracer)
    second, unchanged = recommender.recommend([ask(0), ask(1, 1)])
    assert best not in second.positions
    assert recommender.parts.profiles.history(0).items[-1] == best
    assert unchanged.item_ids == other.item_ids
    recommender.rewind(LATER_S)
    assert recommender.recommend([ask(0)])[0].item_ids == first.item_ids, "rewinding forgets feedback"


def test_the_category_block_changes_the_ranking_as_much_as_it_weighs():
    """Items 0, 3, 6 … share a category. A user of item 0 alone: weight 10 puts that category before all else."""
    dataset = dataset_of([(1, 0, 0), (2, 1, 1)], n_items=12)
    ranking = {"arm": {"ranking": {"kind": "similarity", "text": 1.0, "category": 10.0}}, "requests": {"k": 4}}
    answer = make_recommender(dataset, "tfidf", "none", **ranking).recommend([ask(0)])[0]
    assert sorted(answer.positions[:3].tolist()) == [3, 6, 9]
    assert answer.positions[3] % 3 != 0
    assert min(answer.scores[:3]) >= 10.0 > answer.scores[3]
    plain = make_recommender(dataset, "tfidf", "none", requests={"k": 4}).recommend([ask(0)])[0]
    assert plain.item_ids != answer.item_ids


def test_scores_of_the_whole_catalogue_agree_with_the_list():
    recommender = make_recommender(make_dataset())
    answer = recommender.recommend([ask(3)])[0]
    scores = recommender.scores([ask(3)])[0]
    assert scores[answer.positions].tolist() == pytest.approx(list(answer.scores), abs=1e-6)
    assert np.isneginf(scores[recommender.parts.profiles.history(3).seen]).all()
    assert answer.positions.tolist() == np.lexsort((np.arange(len(scores)), -scores))[:10].tolist()


def test_every_stage_is_marked_once_in_order_and_tokens_are_counted():
    journal = Journal()
    make_recommender(make_dataset()).recommend([ask(0, 5), ask(1, 6)], journal)
    others = ("network", "serialise", "service", "index", "update", "first_token", "more_tokens")
    passed = [stage for stage in STAGES if stage not in others]
    assert journal.marks == [(stage, [5, 6]) for stage in passed]
    assert journal.n_tokens == [([5, 6], [4, 4])], "the fake encoder makes four ids of a text"
    assert journal.n_padded == [([5, 6], 8)]
