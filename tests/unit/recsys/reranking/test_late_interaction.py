"""Late interaction with MiniLM: its token vectors are those of transformers, and the special ones are left out."""

import numpy as np
import pytest
from small_data import make_items

from recsys.catalogue import Catalogue
from recsys.index import Candidates
from recsys.reranking import RERANKERS, Ask, Material, build_reranker
from recsys.serving.protocols import NullTracer
from recsys.types import Item

pytestmark = pytest.mark.skipif(bool(RERANKERS.entry("late_interaction").missing), reason="library not installed")
TITLES = [
    "Wool blanket for cold nights",
    "Racing game with fast cars",
    "Kettle of brushed steel",
    "",
    "Motor sport simulation",
]
USER = "A game of driving cars"


@pytest.fixture(scope="module")
def catalogue():
    return Catalogue.of([Item(f"i{place}", title) for place, title in enumerate(TITLES)])


def handed(*positions):
    return Candidates(np.array(positions, np.int32), np.linspace(1, 0, len(positions), dtype=np.float32))


def rerank(catalogue, text=USER, **options):
    built = build_reranker("late_interaction", options, Material(catalogue, 5))
    return built, built.rerank([Ask(0, text, handed(0, 1, 2, 3, 4))], 5, NullTracer())


def states_of(text):
    """Unit last hidden states of a text's own tokens, by transformers itself."""
    import torch
    from tokenizers import Tokenizer
    from transformers import AutoModel

    from recsys.models.locate import locate

    files = locate("minilm")
    tokenizer = Tokenizer.from_file(str(files.tokenizer))
    tokenizer.no_padding()
    ids = tokenizer.encode(text).ids
    with torch.inference_mode():
        states = AutoModel.from_pretrained(files.config.parent).eval()(torch.tensor([ids])).last_hidden_state[0, 1:-1]
    return torch.nn.functional.normalize(states, dim=-1).numpy()


def test_scores_are_those_of_a_naive_loop_over_transformers_own_states(catalogue):
    _, done = rerank(catalogue, stored="fp32")
    scores = dict(zip(done.lists[0].positions.tolist(), done.lists[0].scores.tolist(), strict=True))
    user = states_of(USER)
    for position in (0, 1, 2, 4):
        cosines = user @ states_of(TITLES[position]).T
        assert scores[position] == pytest.approx(cosines.max(axis=1).mean(), abs=1e-5)
    assert scores[3] == 0, "an item without a text"


def test_it_understands_what_it_reads(catalogue):
    _, done = rerank(catalogue)
    assert set(done.lists[0].positions[:2].tolist()) == {1, 4}


def test_half_precision_takes_half_the_room_and_changes_little(catalogue):
    half, done = rerank(catalogue)
    full, exact = rerank(catalogue, stored="fp32")
    sizes = [built.describe()["item_vectors_bytes"] for built in (half, full)]
    assert 2 * sizes[0] == sizes[1] == half.describe()["item_tokens"] * 384 * 4
    assert done.lists[0].positions.tolist() == exact.lists[0].positions.tolist()
    assert done.lists[0].scores == pytest.approx(exact.lists[0].scores, abs=1e-3)


def test_what_an_item_is_compared_by_does_not_depend_on_the_others(catalogue):
    alone = Catalogue.of([Item("x", TITLES[1])])
    together = rerank(catalogue, stored="fp32")[0]
    single = build_reranker("late_interaction", {"stored": "fp32"}, Material(alone, 1))
    score = single.rerank([Ask(0, USER, handed(0))], 1, NullTracer()).lists[0].scores[0]
    expected = together.rerank([Ask(0, USER, handed(1))], 1, NullTracer()).lists[0].scores[0]
    assert score == pytest.approx(expected, abs=together.info.score_tolerance)


def test_a_catalogue_without_a_text_has_no_vectors():
    built = build_reranker("late_interaction", {}, Material(Catalogue.of([Item("x", "")]), 1))
    assert built.describe()["item_vectors_bytes"] == 0
    assert built.rerank([Ask(0, USER, handed(0))], 1, NullTracer()).lists[0].scores.tolist() == [0.0]


def test_tokens_of_the_items_are_not_read_in_a_request(catalogue):
    _, done = rerank(catalogue)
    big = Catalogue.of(make_items(40))
    built = build_reranker("late_interaction", {}, Material(big, 5))
    asked = Ask(0, USER, handed(*range(40)))
    assert built.rerank([asked], 5, NullTracer()).n_tokens == done.n_tokens
