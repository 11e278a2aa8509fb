"""Ranking metrics against trec_eval's own code (ir-measures, pytrec-eval-terrier), and what must hold of any list."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.quality import RANKING_METRICS, hits

K = (1, 3, 5, 10, 25)
OURS_TO_THEIRS = {"recall": "R", "precision": "P", "ndcg": "nDCG", "mrr": "RR", "hit_rate": "Success"}
ITEMS = 30


def judged(lists, relevant, k):
    """Our values by metric. lists: of items, as long as each is; relevant: sets."""
    width = max(1, *map(len, lists))
    recommended = np.array([[*row, *[-1] * (width - len(row))] for row in lists], np.int32)
    wanted = [np.array(sorted(items), np.int32) for items in relevant]
    found, counts = hits(recommended, wanted), np.array([len(items) for items in wanted])
    return {name: RANKING_METRICS[name](found, counts, k) for name in OURS_TO_THEIRS}


def judged_by_trec_eval(lists, relevant, k):
    """trec_eval's values by our names, nan where it has none: it leaves out users without a relevant item.

    It ranks by score and breaks ties in an order of its own, so the scores say the rank.
    """
    ir_measures = pytest.importorskip("ir_measures")
    measures = {name: getattr(ir_measures, theirs) @ k for name, theirs in OURS_TO_THEIRS.items()}
    qrels = [
        ir_measures.Qrel(f"u{user}", f"i{item}", 1) for user, items in enumerate(relevant) for item in sorted(items)
    ]
    run = [
        ir_measures.ScoredDoc(f"u{user}", f"i{item}", float(-place))
        for user, row in enumerate(lists)
        for place, item in enumerate(row[:k])  # its reciprocal rank knows no cut
    ]
    values = {name: np.full(len(lists), np.nan) for name in measures}
    names = {str(measure): name for name, measure in measures.items()}
    if qrels and run:
        for found in ir_measures.pytrec_eval.iter_calc(list(measures.values()), qrels, run):
            values[names[str(found.measure)]][int(found.query_id[1:])] = found.value
    return values


def assert_equal(lists, relevant, k):
    """Our values are trec_eval's, but for users whose list is empty, whom it leaves out: ours are 0."""
    ours, theirs = judged(lists, relevant, k), judged_by_trec_eval(lists, relevant, k)
    answered = np.array([bool(row) for row in lists])
    for name in OURS_TO_THEIRS:
        np.testing.assert_allclose(ours[name][answered], theirs[name][answered], rtol=1e-9, err_msg=f"{name}@{k}")
        empty = ~answered & np.array([bool(items) for items in relevant])
        assert (ours[name][empty] == 0).all()


@pytest.mark.parametrize("k", K)
def test_on_random_lists_and_tastes(k):
    rng = np.random.default_rng(k)
    lists = [rng.permutation(ITEMS)[: rng.integers(0, 21)].tolist() for _ in range(300)]
    relevant = [set(rng.choice(ITEMS, rng.integers(0, 15), replace=False).tolist()) for _ in lists]
    assert any(not row for row in lists)
    assert any(not items for items in relevant)
    assert_equal(lists, relevant, k)


@pytest.mark.parametrize("k", K)
def test_on_lists_made_by_hand(k):
    lists = [[0, 1, 2], [2, 1, 0], [5], [7, 8, 9, 1, 0, 3], [4, 3], []]
    relevant = [{0, 1, 2}, {0}, {5, 6}, {99, 1, 3}, set(), {1}]
    assert_equal(lists, relevant, k)


def test_equal_scores_are_told_apart_by_position_as_in_the_list_that_is_judged():
    """Both of two items with one score count where `best` puts them: by position."""
    from recsys.index import best

    tied = best(np.array([0.5, 0.9, 0.5, 0.9], np.float32), 3, np.zeros(0, np.int32)).positions.tolist()
    assert tied == [1, 3, 0]
    assert_equal([tied], [{0, 3}], 2)


RANKED = st.permutations(range(ITEMS)).flatmap(lambda row: st.integers(1, ITEMS).map(lambda n: row[:n]))
TASTE = st.sets(st.integers(0, ITEMS + 5), min_size=1, max_size=12)


@settings(max_examples=200, deadline=None)
@given(ranked=RANKED, taste=TASTE, k=st.integers(1, ITEMS), data=st.data())
def test_what_stands_beyond_k_changes_nothing(ranked, taste, k, data):
    tail = data.draw(st.permutations(ranked[k:]))
    before, after = judged([ranked], [taste], k), judged([[*ranked[:k], *tail]], [taste], k)
    assert {name: value[0] for name, value in before.items()} == {name: value[0] for name, value in after.items()}


@settings(max_examples=200, deadline=None)
@given(ranked=RANKED, taste=TASTE, k=st.integers(1, ITEMS))
def test_no_value_is_above_one_and_a_longer_list_finds_no_less(ranked, taste, k):
    shorter, longer = judged([ranked], [taste], k), judged([ranked], [taste], k + 1)
    for name in ("recall", "mrr", "hit_rate"):
        assert shorter[name][0] <= longer[name][0] <= 1
    assert longer["precision"][0] * (k + 1) >= shorter["precision"][0] * k - 1e-9
    assert 0 <= shorter["ndcg"][0] <= 1 + 1e-12


@settings(max_examples=200, deadline=None)
@given(ranked=RANKED, taste=TASTE, data=st.data())
def test_moving_a_hit_one_place_up_never_harms(ranked, taste, data):
    places = [place for place in range(1, len(ranked)) if ranked[place] in taste]
    if not places:
        return
    place = data.draw(st.sampled_from(places))
    better = [*ranked]
    better[place - 1], better[place] = better[place], better[place - 1]
    for k in (1, 5, 10):
        before, after = judged([ranked], [taste], k), judged([better], [taste], k)
        for name in OURS_TO_THEIRS:
            assert after[name][0] >= before[name][0] - 1e-12
