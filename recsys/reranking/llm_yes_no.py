"""A decoder is asked of every candidate whether the user would like it: the score is logit(yes) − logit(no)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from recsys.encoders.batching import batches, pad
from recsys.errors import BadOptions
from recsys.index.protocol import ordered
from recsys.models.prompt import PromptTokenizer
from recsys.reranking import RERANKERS
from recsys.reranking.options import RerankOptions
from recsys.reranking.prompts import Framing, PromptOptions, check_length
from recsys.reranking.protocol import Ask, Material, Reranked, Reranker
from recsys.reranking.torch_model import info_of, load_torch_model
from recsys.serving.protocols import Tracer
from recsys.types import TokenIds

REQUIRES = ("torch", "transformers", "tokenizers", "safetensors")


class LlmYesNoOptions(PromptOptions):
    """prompt: with {user} and then {item}, which stand for the user's text and the candidate's.

    yes, no: the answers that are compared, one token each. item_tokens: the item's text is cut to its first so many.
    """

    PLACE: ClassVar[str] = "{item}"

    prompt: str = "A user liked these, the newest last: {user}\nWould the user like this one next? {item}\nYes or no:"
    yes: str = " yes"
    no: str = " no"
    item_tokens: int = Field(64, ge=1)


@RERANKERS.register("llm_yes_no")
class LlmYesNoReranker(Reranker):
    """A pointwise scorer, as Qwen3-Reranker and its kin are used, with any decoder of transformers.

    All candidates of a user have the prompt up to the item in common: it is read once, and its keys and values are
    repeated. n_tokens counts it once.
    """

    Options: ClassVar[type[RerankOptions]] = LlmYesNoOptions
    EXACT: ClassVar[Mapping[str, object]] = {"precision": "fp32", "batch_tokens": 4096}

    def __init__(self, options: LlmYesNoOptions, material: Material) -> None:
        """Load the model. Raises ModelError; BadOptions for an answer of several tokens and for too long a prompt."""
        import torch

        from recsys.models.language_model import HEAD, LanguageModel

        module, files, dtype = load_torch_model(options, material, HEAD)
        self.info = info_of("llm_yes_no", options, material, files)
        self._options = options
        self._catalogue = material.catalogue
        self._tokenizer = PromptTokenizer(files.tokenizer, material.threads)
        self._framing = Framing.of(options, self._tokenizer)
        check_length("llm_yes_no", len(self._framing) + options.user_tokens + options.item_tokens, module.config)
        self._model = LanguageModel(module, material.device, dtype)
        self._answers = torch.tensor([self._single(options.yes), self._single(options.no)], device=material.device)

    def rerank(self, asks: Sequence[Ask], k: int, tracer: Tracer) -> Reranked:
        """One user after another: their prompts have no length in common."""
        lists, n_tokens, padded_tokens = [], [], 0
        for ask in asks:
            shared, rests = self.shared(ask.text), self.rests(ask)
            scores, padded = self._score(shared, rests)
            lists.append(ordered(ask.candidates.positions, scores, k))
            n_tokens.append(len(shared) + int(rests.n_tokens.sum()))
            padded_tokens += padded
        return Reranked(lists, n_tokens, padded_tokens)

    def shared(self, text: str) -> list[int]:
        """The ids of the prompt up to the item."""
        user = self._tokenizer([text])[0][-self._options.user_tokens :]
        return [*self._framing.before, *user, *self._framing.between]

    def rests(self, ask: Ask) -> TokenIds:
        """The ids from there on, one row a candidate."""
        texts = [self._catalogue.texts[position] for position in ask.candidates.positions.tolist()]
        items = self._tokenizer(texts) if texts else []
        return TokenIds.from_lists([[*item[: self._options.item_tokens], *self._framing.after] for item in items])

    def _score(self, shared: Sequence[int], rests: TokenIds) -> tuple[npt.NDArray[np.float32], int]:
        """Scores of all candidates of one user, float32 [n], and the tokens computed with padding."""
        import torch

        from recsys.models.language_model import repeated

        scores = np.zeros(len(rests), np.float32)
        if not len(rests):
            return scores, 0
        device = self.info.device
        _, past = self._model.read(torch.tensor([shared], device=device))
        padded_tokens = len(shared)
        for rows in self._batches(len(shared), rests):
            batch = rests.take(rows)
            ids = torch.from_numpy(pad(batch)[0]).to(device)
            hidden, _ = self._model.read(ids, repeated(past, len(rows)))
            last = torch.from_numpy(batch.n_tokens - 1).to(device)
            answers = self._model.logits(hidden[torch.arange(len(rows), device=device), last], self._answers)
            scores[rows] = (answers[:, 0] - answers[:, 1]).cpu().numpy()
            padded_tokens += ids.numel()
        return scores, padded_tokens

    def _batches(self, n_shared: int, rests: TokenIds) -> Iterator[npt.NDArray[np.intp]]:
        """Rows whose tokens fit a batch together with the keys and values that each repeats."""
        longest = int(rests.n_tokens.max())
        rows = max(1, self._options.batch_tokens // (n_shared + longest))
        return batches(rests.n_tokens, self._options.batch_tokens, rows)

    def _single(self, word: str) -> int:
        token = self._tokenizer.single(word)
        if token is None:
            raise BadOptions(
                f'reranking "llm_yes_no": "{word}" is no single token of model "{self._options.model}". '
                "Next: another word for yes or no, with or without a space before it"
            )
        return token
