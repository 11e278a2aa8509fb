"""What every re-ranker promises, whichever file it stands in."""

import json
import threading
from dataclasses import replace

import numpy as np
import pytest
from small_data import make_dataset, make_items
from small_recommender import LATER_S, Journal, ask, ingest_of, make_recommender

from recsys.catalogue import Catalogue, CleanItem
from recsys.errors import BadOptions, RecsysError
from recsys.index import Candidates
from recsys.reranking import RERANKERS, Ask, Material, build_reranker, check_options, exact_reranking
from recsys.serving.protocols import NullTracer
from recsys.types import Item

N_ITEMS, K = 30, 4
TINY = {"weights": "random", "seed": 3}
OPTIONS = {
    "cross_encoder": TINY | {"model": "bert-tiny-uncased", "max_tokens": 64},
    "late_interaction": TINY | {"model": "bert-tiny-uncased", "max_tokens": 64},
    "llm_yes_no": TINY | {"model": "qwen3-tiny"},
    "llm_list": TINY | {"model": "qwen3-tiny", "user_tokens": 100, "new_tokens": 3},
}
TEXTS = ["red kettle number8, blue lamp number34, wool", "", "teapot " * 400, "\ud800 喜欢 🎈", "chair"]


@pytest.fixture(scope="module", params=RERANKERS.kinds())
def kind(request):
    if RERANKERS.entry(request.param).missing:
        pytest.skip("library not installed")
    return request.param


def build(kind, catalogue=None, **options):
    given = OPTIONS[kind] | {"candidates": 10} | options
    return build_reranker(kind, given, Material(catalogue or Catalogue.of(make_items(N_ITEMS)), K))


@pytest.fixture(scope="module")
def reranker(kind):
    return build(kind)


def candidates(*positions):
    return Candidates(np.array(positions, np.int32), np.linspace(0.9, 0.1, len(positions), dtype=np.float32))


def asks(n=None):
    """Different users with lists of unequal length, one of them short, one of a single item."""
    rng = np.random.default_rng(5)
    lengths = [10, 6, 3, 1, 9]
    made = [candidates(*rng.choice(N_ITEMS, length, replace=False).tolist()) for length in lengths]
    return [Ask(7 + row, text, found) for row, (text, found) in enumerate(zip(TEXTS, made, strict=True))][:n]


def rerank(reranker, asked, k=K):
    return reranker.rerank(asked, k, NullTracer())


def test_its_kind_is_the_name_of_its_file(kind):
    plugin = RERANKERS.get(kind)
    assert plugin.__module__ == f"{RERANKERS.package}.{kind}"
    assert len(RERANKERS.entry(kind).summary) > 20
    assert (plugin.__doc__ or "").strip()
    assert set(plugin.DEVICES) <= {"cpu", "cuda"}


def test_its_lists_are_the_k_best_of_what_it_was_handed(reranker):
    for asked, best in zip(asks(), rerank(reranker, asks()).lists, strict=True):
        handed, shown = asked.candidates.positions.tolist(), best.positions.tolist()
        assert len(shown) == len(set(shown)) == min(K, len(handed))
        assert set(shown) <= set(handed)
        assert best.positions.dtype == np.int32 and best.scores.dtype == np.float32
        assert np.isfinite(best.scores).all()
        keys = list(zip((-best.scores).tolist(), shown, strict=True))
        assert keys == sorted(keys), "best first, equal scores by position"


def test_a_longer_list_begins_with_the_shorter_one(reranker):
    short, whole = rerank(reranker, asks(), 2), rerank(reranker, asks(), 50)
    for asked, few, all_of_them in zip(asks(), short.lists, whole.lists, strict=True):
        assert all_of_them.positions[:2].tolist() == few.positions.tolist()
        assert sorted(all_of_them.positions.tolist()) == sorted(asked.candidates.positions.tolist())


def test_one_batch_equals_one_by_one(reranker):
    together = rerank(reranker, asks())
    for row, asked in enumerate(asks()):
        alone = rerank(reranker, [asked])
        assert alone.n_tokens == [together.n_tokens[row]]
        expected = dict(zip(together.lists[row].positions.tolist(), together.lists[row].scores.tolist(), strict=True))
        got = dict(zip(alone.lists[0].positions.tolist(), alone.lists[0].scores.tolist(), strict=True))
        assert got == pytest.approx(expected, abs=reranker.info.score_tolerance)


def test_it_is_deterministic_to_the_bit_in_a_second_build_too(kind, reranker):
    first, second, rebuilt = rerank(reranker, asks()), rerank(reranker, asks()), rerank(build(kind), asks())
    for other in (second, rebuilt):
        for mine, theirs in zip(first.lists, other.lists, strict=True):
            assert mine.positions.tolist() == theirs.positions.tolist()
            assert mine.scores.tolist() == theirs.scores.tolist()


def test_nothing_asked_nothing_answered(reranker):
    done = rerank(reranker, [])
    assert (done.lists, done.n_tokens, done.padded_tokens) == ([], [], 0)
    empty = rerank(reranker, [Ask(0, "lamp", candidates())])
    assert empty.lists[0].positions.tolist() == []


def test_tokens_are_those_that_were_read(reranker):
    done = rerank(reranker, asks())
    assert all(tokens > 0 for tokens in done.n_tokens)
    assert done.padded_tokens >= sum(done.n_tokens)
    assert rerank(reranker, asks(1)).padded_tokens >= done.n_tokens[0]


def test_the_size_of_a_batch_changes_nothing(kind, reranker):
    whole, small = rerank(reranker, asks()), rerank(build(kind, batch_tokens=90), asks())
    assert small.n_tokens == whole.n_tokens
    for mine, theirs in zip(whole.lists, small.lists, strict=True):
        assert mine.scores == pytest.approx(theirs.scores, abs=reranker.info.score_tolerance)


def test_threads_may_share_one(reranker):
    expected = [best.positions.tolist() for best in rerank(reranker, asks()).lists]
    got, errors = [], []

    def work():
        try:
            for _ in range(5):
                for asked, best in zip(asks(), expected, strict=True):
                    got.append(rerank(reranker, [asked]).lists[0].positions.tolist() == best)
        except Exception as error:  # noqa: BLE001 shown by the assertion below
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(got) == 75 and all(got)


def test_an_item_that_changed_is_read_as_it_is_now_until_a_rewind(kind):
    catalogue = Catalogue.of(make_items(N_ITEMS))
    reranker = build(kind, catalogue)
    before = rerank(reranker, asks())
    fresh = [CleanItem("teapot", "teapot. news of wool and steel", "")] * 3
    positions = asks(1)[0].candidates.positions[:3]
    catalogue.put(positions.tolist(), fresh)
    reranker.put(positions)
    after = rerank(reranker, asks())
    rebuilt = rerank(build(kind, catalogue), asks())
    for mine, theirs in zip(after.lists, rebuilt.lists, strict=True):
        assert mine.positions.tolist() == theirs.positions.tolist()
        assert mine.scores == pytest.approx(theirs.scores, abs=reranker.info.score_tolerance)
    assert after.n_tokens != before.n_tokens or after.lists[0].scores.tolist() != before.lists[0].scores.tolist()
    catalogue.rewind(0)
    reranker.rewind()
    for mine, theirs in zip(rerank(reranker, asks()).lists, before.lists, strict=True):
        assert mine.scores.tolist() == theirs.scores.tolist()


def test_it_says_what_it_is_in_plain_values(kind, reranker):
    described = reranker.describe()
    assert json.loads(json.dumps(described, allow_nan=False)) == described
    assert (described["kind"], described["candidates"], described["real_weights"]) == (kind, 10, False)
    assert {"precision", "weights_bytes", "revision", "model", "threads", "device"} <= set(described)


def test_it_is_handed_no_fewer_candidates_than_a_list_has_items(kind):
    assert build(kind, candidates=2).info.candidates == K


def test_its_exact_self_has_sound_options_and_is_its_own(kind):
    faster = OPTIONS[kind] | {"precision": "bf16", "batch_tokens": 17}
    exact = exact_reranking(kind, faster)
    assert exact["precision"] == "fp32"
    assert exact_reranking(kind, OPTIONS[kind]) == exact
    assert exact_reranking(kind, {name: value for name, value in exact.items() if name != "kind"}) == exact
    check_options(kind, {name: value for name, value in exact.items() if name != "kind"})


def test_a_model_that_cannot_do_it_is_refused_by_name(kind):
    """MiniLM's real weights have no head; a text may not be longer than the model's positions."""
    if kind != "late_interaction":
        with pytest.raises(RecsysError, match="minilm"):
            build(kind, model="minilm", weights="real")
    too_long = {"max_tokens": 513} if kind in ("cross_encoder", "late_interaction") else {"user_tokens": 500}
    with pytest.raises(BadOptions, match="512 positions"):
        build(kind, **too_long)
    with pytest.raises(BadOptions, match="did you mean"):
        build(kind, modle="x")


def recommender(kind, placement="offline", items=None, **more):
    dataset = make_dataset(40, 12) if items is None else replace(make_dataset(40, 12), items=items)
    arm = {"reranking": {"kind": kind, "candidates": 8} | OPTIONS[kind]} | more.pop("arm", {})
    return make_recommender(dataset, "fake", placement, arm=arm, requests={"k": 5}, **more)


def test_a_recommender_answers_with_a_permutation_of_the_rankers_best(kind):
    plain = make_recommender(make_dataset(40, 12), "fake", "offline", requests={"k": 8})
    mine = recommender(kind)
    assert mine.n_handed_over == 8
    requests, journal = [ask(user, user) for user in range(12)], Journal()
    ranked = [set(answer.positions.tolist()) for answer in plain.recommend(requests)]
    answers = mine.recommend(requests, journal)
    assert all(set(answer.positions.tolist()) <= best for answer, best in zip(answers, ranked, strict=True))
    assert all(len(answer.positions) == 5 for answer in answers)
    assert any(
        answer.positions.tolist() != before.positions[:5].tolist()
        for answer, before in zip(answers, plain.recommend(requests), strict=True)
    )
    ((rows, handed, n_tokens, padded_tokens),) = journal.n_reranked
    assert rows == list(range(12))
    assert [set(each) for each in handed] == ranked
    assert min(n_tokens) > 0 and padded_tokens >= sum(n_tokens)


def test_scores_of_the_reference_are_those_of_the_lists_and_end_with_the_candidates(kind):
    mine = recommender(kind)
    requests = [ask(user, user) for user in range(12)]
    scores = mine.scores(requests)
    assert (np.isfinite(scores).sum(axis=1) == 8).all()
    for row, answer in enumerate(mine.recommend(requests)):
        assert scores[row, answer.positions] == pytest.approx(answer.scores, abs=1e-4)
        assert np.sort(scores[row])[::-1][:5] == pytest.approx(answer.scores, abs=1e-4)


def test_a_user_of_whom_nothing_is_known_keeps_the_rankers_order(kind):
    mine, journal = recommender(kind), Journal()
    mine.rewind(0)
    answers = mine.recommend([ask(3), ask(4, 1)], journal)
    plain = make_recommender(make_dataset(40, 12), "fake", "offline", as_of_s=0, requests={"k": 5})
    assert answers[0].positions.tolist() == plain.recommend([ask(3)])[0].positions.tolist()
    assert journal.n_reranked[0][2:] == ([0, 0], 0), "nothing was read"


def test_queries_and_ingests_reach_it(kind):
    items = list(make_items(40))
    mine = recommender(kind, items=items)
    before = mine.scores([ask(3)])[0]
    asked = ask(3)._replace(query="steel teapot")
    assert mine.recommend([asked])[0].positions.tolist()
    shown = np.flatnonzero(np.isfinite(before))
    for position in shown.tolist():
        items[position] = Item(items[position].item_id, "wool news", "about steel", "")
    mine.ingest([ingest_of(position, row) for row, position in enumerate(shown.tolist())])
    fresh = recommender(kind, items=items)
    assert mine.scores([ask(3)])[0] == pytest.approx(fresh.scores([ask(3)])[0], abs=1e-3)
    items[:] = make_items(40)
    mine.rewind(LATER_S)
    assert mine.scores([ask(3)])[0].tolist() == before.tolist()


def test_an_arm_that_wants_more_candidates_than_there_are_is_refused(kind):
    with pytest.raises(Exception, match="reranking.candidates = 8, but the ranker is handed 6"):
        recommender(kind, retrieval={"candidates": 6})
