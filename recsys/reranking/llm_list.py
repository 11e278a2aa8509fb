"""A decoder writes the list: every candidate has a label of one token, and the best labels are decoded one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from recsys.encoders.batching import batches
from recsys.errors import BadOptions
from recsys.index.protocol import Candidates
from recsys.models.prompt import PromptTokenizer
from recsys.reranking import RERANKERS
from recsys.reranking.options import RerankOptions
from recsys.reranking.prompts import Framing, PromptOptions, check_length
from recsys.reranking.protocol import Ask, Material, Reranked, Reranker
from recsys.reranking.torch_model import info_of, load_torch_model
from recsys.serving.protocols import Tracer

if TYPE_CHECKING:
    import torch

REQUIRES = ("torch", "transformers", "tokenizers", "safetensors")

LABELS = [f" {''.join(letters)}" for length in (1, 2) for letters in product(ascii_uppercase, repeat=length)]
"""A, … Z, AA, … ZZ, each after a space; those are used that are a token of the model's own each."""


class LlmListOptions(PromptOptions):
    """prompt: with {user} and then {candidates}, which become lines of label and title.

    new_tokens: labels that are decoded; None = as many as the list has items. item_tokens: a title is cut to its first
    so many.
    """

    PLACE: ClassVar[str] = "{candidates}"

    candidates: int = Field(20, ge=1)
    prompt: str = "A user liked these, the newest last: {user}\nCandidates:{candidates}\nThe best labels, best first:"
    new_tokens: int | None = Field(None, ge=1)
    item_tokens: int = Field(16, ge=1)


@RERANKERS.register("llm_list")
class LlmListReranker(Reranker):
    """A listwise re-ranker (as RankGPT, Sun et al. 2023, arXiv 2304.09542) of a fixed number of decoded tokens.

    Decoding is greedy among the labels not yet written, with the keys and values of the prompt kept. Candidates that
    were not written follow in the ranker's order; a score is the number of candidates that an item is not behind.
    labels: the token that stands for each place among the candidates.
    """

    Options: ClassVar[type[RerankOptions]] = LlmListOptions
    EXACT: ClassVar[Mapping[str, object]] = {"precision": "fp32", "batch_tokens": 4096}

    def __init__(self, options: LlmListOptions, material: Material) -> None:
        """Load the model. Raises ModelError; BadOptions for too few labels, too long a prompt, too many new tokens."""
        import torch

        from recsys.models.language_model import HEAD, LanguageModel

        module, files, dtype = load_torch_model(options, material, HEAD)
        self.info = info_of("llm_list", options, material, files)
        self._options = options
        self._new_tokens = options.new_tokens or material.k
        if self._new_tokens > self.info.candidates:
            raise BadOptions(
                f'reranking "llm_list": new_tokens = {self._new_tokens}, but there are {self.info.candidates} '
                "candidates to write. Next: at most as many"
            )
        self._catalogue = material.catalogue
        self._tokenizer = PromptTokenizer(files.tokenizer, material.threads)
        self.labels = self._choose_labels()
        self._framing = Framing.of(options, self._tokenizer)
        self._newline, self._colon = self._tokenizer(["\n", ":"])
        line = len(self._newline) + 1 + len(self._colon) + options.item_tokens
        longest = len(self._framing) + options.user_tokens + self.info.candidates * line + self._new_tokens
        check_length("llm_list", longest, module.config)
        self._model = LanguageModel(module, material.device, dtype)
        self._label_ids = torch.tensor(self.labels, device=material.device)

    def rerank(self, asks: Sequence[Ask], k: int, tracer: Tracer) -> Reranked:
        """Prompts of similar length are read together and written together."""
        prompts = [self.prompt(ask) for ask in asks]
        lists: list[Candidates] = [ask.candidates for ask in asks]
        padded_tokens = 0
        for rows in self._batches(prompts):
            members = [asks[row] for row in rows.tolist()]
            ids, mask = _padded_left([prompts[row] for row in rows.tolist()])
            written = self._write(ids, mask, members, tracer)
            for row, ask, places in zip(rows.tolist(), members, written, strict=True):
                lists[row] = _in_order(ask.candidates, places, k)
            padded_tokens += ids.size + len(rows) * self._new_tokens
        return Reranked(lists, [len(prompt) + self._new_tokens for prompt in prompts], padded_tokens)

    def describe(self) -> dict[str, Any]:
        """What it is, and how many tokens it writes."""
        return super().describe() | {"new_tokens": self._new_tokens}

    def prompt(self, ask: Ask) -> list[int]:
        """The ids of the whole prompt."""
        titles = [self._catalogue.titles[position] for position in ask.candidates.positions.tolist()]
        user, *items = self._tokenizer([ask.text, *titles])
        ids = [*self._framing.before, *user[-self._options.user_tokens :], *self._framing.between]
        for label, item in zip(self.labels, items, strict=False):
            ids += [*self._newline, label, *self._colon, *item[: self._options.item_tokens]]
        return [*ids, *self._framing.after]

    def _write(
        self, ids: npt.NDArray[np.int64], mask: npt.NDArray[np.bool_], asks: Sequence[Ask], tracer: Tracer
    ) -> npt.NDArray[np.int64]:
        """Places of the candidates in the order in which their labels were written, int64 [n, new_tokens].

        −1 where all of a user's candidates were written: what is decoded then is work without a meaning.
        """
        import torch

        device, rows = self.info.device, [ask.row for ask in asks]
        counts = torch.tensor([len(ask.candidates.positions) for ask in asks], device=device)
        free = torch.arange(len(self.labels), device=device) < counts[:, None]
        seen = torch.from_numpy(mask).to(device)
        hidden, past = self._model.read(torch.from_numpy(ids).to(device), None, seen)
        places = [self._next(hidden, free)]
        places[0].cpu()  # the device is done
        tracer.mark("first_token", rows)
        for _ in range(self._new_tokens - 1):
            label = self._label_ids[places[-1].clamp(min=0)][:, None]
            seen = torch.cat([seen, torch.ones_like(seen[:, :1])], dim=1)
            hidden, past = self._model.read(label, past, seen)
            places.append(self._next(hidden, free))
        written: npt.NDArray[np.int64] = torch.stack(places, dim=1).cpu().numpy()
        tracer.mark("more_tokens", rows)
        return written

    def _next(self, hidden: torch.Tensor, free: torch.Tensor) -> torch.Tensor:
        """The place of each row's best free label, int64 [n], −1 where none is free; it is free no longer."""
        import torch

        logits = self._model.logits(hidden[:, -1], self._label_ids).masked_fill(~free, -torch.inf)
        best = logits.argmax(dim=1)
        any_free = free.any(dim=1)
        free.scatter_(1, best[:, None], value=False)
        return torch.where(any_free, best, -1)

    def _batches(self, prompts: Sequence[Sequence[int]]) -> Iterator[npt.NDArray[np.intp]]:
        lengths = np.array([len(prompt) + self._new_tokens for prompt in prompts], np.int64)
        return batches(lengths, self._options.batch_tokens)

    def _choose_labels(self) -> list[int]:
        """One id a candidate."""
        wanted = self.info.candidates
        found = dict.fromkeys(token for word in LABELS if (token := self._tokenizer.single(word)) is not None)
        if len(found) < wanted:
            raise BadOptions(
                f'reranking "llm_list": {wanted} candidates, but model "{self._options.model}" has {len(found)} labels '
                "of one token. Next: fewer candidates"
            )
        return list(found)[:wanted]


def _padded_left(prompts: Sequence[Sequence[int]]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Ids int64 [n, longest] and the mask of real tokens: every prompt ends where the next token is to come."""
    longest = max(map(len, prompts))
    ids = np.zeros((len(prompts), longest), np.int64)
    mask = np.zeros((len(prompts), longest), np.bool_)
    for row, prompt in enumerate(prompts):
        ids[row, longest - len(prompt) :] = prompt
        mask[row, longest - len(prompt) :] = True
    return ids, mask


def _in_order(candidates: Candidates, places: npt.NDArray[np.int64], k: int) -> Candidates:
    """The k first: those that were written, then the others as they stood."""
    n = len(candidates.positions)
    written = places[places >= 0].tolist()
    order = np.array(list(dict.fromkeys([*written, *range(n)])), np.intp)[:k]
    return Candidates(candidates.positions[order], np.arange(n, n - len(order), -1, dtype=np.float32))
