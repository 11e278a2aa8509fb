"""The two decoders that re-rank, against the same model read in full, without a cache and one prompt at a time."""

import numpy as np
import pytest
from small_data import make_items

from recsys.catalogue import Catalogue
from recsys.errors import BadOptions, ModelError
from recsys.index import Candidates
from recsys.models.load import load_module
from recsys.models.locate import locate
from recsys.models.prompt import PromptTokenizer
from recsys.reranking import RERANKERS, Ask, Material, build_reranker
from recsys.reranking.prompts import require_places
from recsys.serving.protocols import NullTracer, Tracer

pytestmark = pytest.mark.skipif(bool(RERANKERS.entry("llm_list").missing), reason="library not installed")
CATALOGUE = Catalogue.of(make_items(40))
MODEL = {"model": "qwen3-tiny", "weights": "random", "seed": 4}
TEXTS = ["red kettle, blue lamp", "wool", "steel teapot " * 30]


@pytest.fixture(scope="module")
def plain():
    """The model of transformers with its head, and logits of the next token after some ids."""
    import torch

    module = load_module(locate("qwen3-tiny", "random", 4), head="AutoModelForCausalLM")

    def next_logits(ids):
        with torch.inference_mode():
            return module(torch.tensor([ids])).logits[0, -1].numpy()

    return next_logits


def asks(n_candidates=9):
    rng = np.random.default_rng(8)
    handed = [rng.choice(40, n_candidates - row, replace=False).astype(np.int32) for row in range(len(TEXTS))]
    return [
        Ask(row, text, Candidates(positions, np.linspace(1, 0, len(positions), dtype=np.float32)))
        for row, (text, positions) in enumerate(zip(TEXTS, handed, strict=True))
    ]


def build(kind, k=4, **options):
    return build_reranker(kind, MODEL | options, Material(CATALOGUE, k))


def test_yes_or_no_with_a_shared_beginning_is_that_of_the_whole_prompt(plain):
    reranker = build("llm_yes_no")
    yes, no = (PromptTokenizer(locate("minilm").tokenizer).single(word) for word in ("yes", "no"))
    for ask, best in zip(asks(), reranker.rerank(asks(), 20, NullTracer()).lists, strict=True):
        scores = dict(zip(best.positions.tolist(), best.scores.tolist(), strict=True))
        shared = reranker.shared(ask.text)
        for row, position in enumerate(ask.candidates.positions.tolist()):
            logits = plain([*shared, *reranker.rests(ask).take(np.array([row])).ids.tolist()])
            assert scores[position] == pytest.approx(logits[yes] - logits[no], abs=1e-5)
        assert len({round(score, 4) for score in scores.values()}) > 5


def test_yes_or_no_reads_what_is_shared_once():
    reranker = build("llm_yes_no")
    done = reranker.rerank(asks(), 4, NullTracer())
    for ask, tokens in zip(asks(), done.n_tokens, strict=True):
        assert tokens == len(reranker.shared(ask.text)) + reranker.rests(ask).n_tokens.sum()


def test_a_prompt_says_what_the_scenario_wrote_and_cuts_texts_where_it_says():
    reranker = build("llm_yes_no", prompt="liked {user} so: {item} ?", user_tokens=2, item_tokens=1)
    tokenizer = PromptTokenizer(locate("minilm").tokenizer)
    liked, newest, so, item, mark = tokenizer(["liked", "blue lamp", "so:", "red", "?"])
    ask = Ask(0, "red kettle blue lamp", Candidates(np.zeros(1, np.int32), np.ones(1, np.float32)))
    assert reranker.shared(ask.text) == [*tokenizer.opening, *liked, *newest, *so], "the newest words are kept"
    assert reranker.rests(ask).ids.tolist() == [*item, *mark], "an item's first words are"


def greedy(plain, prompt, labels, n_candidates, new_tokens):
    """Labels decoded one by one, the whole prompt read anew each time. Places of the candidates."""
    ids, free, places = list(prompt), list(range(n_candidates)), []
    for _ in range(min(new_tokens, n_candidates)):
        logits = plain(ids)
        best = max(free, key=lambda place: logits[labels[place]])
        free.remove(best)
        places.append(best)
        ids.append(labels[best])
    return places + sorted(free)


@pytest.mark.parametrize("new_tokens", [1, 4, 9])
def test_a_written_list_is_that_of_a_greedy_loop_without_a_cache(plain, new_tokens):
    reranker = build("llm_list", candidates=9, new_tokens=new_tokens, user_tokens=100)
    done = reranker.rerank(asks(), 9, NullTracer())
    orders = []
    for ask, best in zip(asks(), done.lists, strict=True):
        n = len(ask.candidates.positions)
        places = greedy(plain, reranker.prompt(ask), reranker.labels, n, new_tokens)
        assert best.positions.tolist() == ask.candidates.positions[places].tolist()
        assert best.scores.tolist() == list(range(n, 0, -1))
        orders.append(places)
    assert new_tokens == 1 or any(places != sorted(places) for places in orders)


def test_new_tokens_are_as_many_as_the_list_is_long_unless_said_otherwise():
    assert build("llm_list", k=6, user_tokens=100).describe()["new_tokens"] == 6
    with pytest.raises(BadOptions, match="new_tokens = 9, but there are 8 candidates"):
        build("llm_list", candidates=8, new_tokens=9)


class Stages(NullTracer):
    def __init__(self):
        self.marks = []

    def mark(self, stage, rows):
        self.marks.append((stage, sorted(rows)))


def test_the_first_token_and_the_others_are_marked_a_batch_at_a_time():
    tracer: Tracer = Stages()
    build("llm_list", candidates=9, user_tokens=100).rerank(asks(), 4, tracer)
    assert tracer.marks == [("first_token", [0, 1, 2]), ("more_tokens", [0, 1, 2])]
    tracer = Stages()
    build("llm_list", candidates=9, user_tokens=100, batch_tokens=1).rerank(asks(), 4, tracer)
    assert [stage for stage, _ in tracer.marks] == ["first_token", "more_tokens"] * 3
    assert sorted(row for stage, rows in tracer.marks if stage == "first_token" for row in rows) == [0, 1, 2]


def test_labels_are_single_tokens_and_no_two_are_the_same():
    labels = build("llm_list", candidates=30, item_tokens=2, user_tokens=30).labels
    assert len(set(labels)) == len(labels) == 30


def test_what_a_model_cannot_answer_in_one_token_is_refused():
    with pytest.raises(BadOptions, match='"absolutely so" is no single token'):
        build("llm_yes_no", yes="absolutely so")
    with pytest.raises(BadOptions, match="600 candidates, but"):
        build("llm_list", candidates=600)


@pytest.mark.parametrize(
    "prompt",
    [
        "{user} then {item} so",
        "a {item} {user} so",
        "a {user} so",
        "a {user} {user} {item} so",
        "a {user} {item}\n",
        "no",
    ],
)
def test_a_prompt_without_its_places_is_refused(prompt):
    with pytest.raises(BadOptions, match="some text, then {user} and then {item}"):
        build("llm_yes_no", prompt=prompt)
    with pytest.raises(ValueError, match="some text"):
        require_places(prompt, "{user}", "{item}")


def test_a_decoder_without_weights_of_its_own_is_refused():
    with pytest.raises(ModelError, match="minilm"):
        build("llm_yes_no", model="minilm", weights="real")
