"""A cross-encoder: user and item are read together as one pair, once for every candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from recsys.encoders.batching import forward_sorted, pad
from recsys.errors import BadOptions, ModelError
from recsys.models.precision import move_weights
from recsys.models.tokenizer import TextTokenizer
from recsys.reranking import RERANKERS
from recsys.reranking.options import RerankOptions
from recsys.reranking.protocol import Ask, Material, Reranked, Reranker, best_of_each, tokens_of_each
from recsys.reranking.torch_model import info_of, load_torch_model
from recsys.serving.protocols import Tracer
from recsys.types import TokenIds

REQUIRES = ("torch", "transformers", "tokenizers", "safetensors")


class CrossEncoderOptions(RerankOptions):
    """max_tokens: of a pair, special tokens included; the longer of the two texts is cut."""

    model: str = Field("cross-encoder/ms-marco-MiniLM-L6-v2", min_length=1)
    max_tokens: int = Field(256, ge=5)


@dataclass(frozen=True, slots=True)
class Pairs:
    """A ragged batch of pairs: their ids, and the segment, 0 or 1, that each id belongs to."""

    ids: TokenIds
    segments: TokenIds

    @property
    def n_tokens(self) -> npt.NDArray[np.int64]:
        """Ids a pair, int64 [n]."""
        return self.ids.n_tokens

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: npt.NDArray[np.intp]) -> Pairs:
        """The pairs of these rows, in the order given."""
        return Pairs(self.ids.take(rows), self.segments.take(rows))

    def concat(self, others: Sequence[Pairs]) -> Pairs:
        """The pairs of this batch, then of the others."""
        ids = self.ids.concat([other.ids for other in others])
        return Pairs(ids, self.segments.concat([other.segments for other in others]))


@RERANKERS.register("cross_encoder")
class CrossEncoderReranker(Reranker):
    """Any model of transformers with a head for sequence classification.

    Its one label's logit is the score (MS MARCO's cross-encoders); of two labels, the second's less the first's.
    """

    Options: ClassVar[type[RerankOptions]] = CrossEncoderOptions
    EXACT: ClassVar[Mapping[str, object]] = {"precision": "fp32", "batch_tokens": 2048}

    def __init__(self, options: CrossEncoderOptions, material: Material) -> None:
        """Load the model. Raises ModelError, BadOptions for more tokens than the model has positions."""
        head = "AutoModelForSequenceClassification"
        module, files, dtype = load_torch_model(options, material, head, num_labels=1)
        _check(options, module.config)
        self.info = info_of("cross_encoder", options, material, files)
        move_weights(module, material.device, dtype)
        self._module = module
        self._has_segments = getattr(module.config, "type_vocab_size", 0) > 1
        self._tokenizer = TextTokenizer(files.tokenizer, options.max_tokens, threads=material.threads)
        self._batch_tokens = options.batch_tokens
        self._catalogue = material.catalogue

    def rerank(self, asks: Sequence[Ask], k: int, tracer: Tracer) -> Reranked:
        """All pairs of all asks, sorted by length, in batches of batch_tokens."""
        texts = self._catalogue.texts
        pairs = [(ask.text, texts[position]) for ask in asks for position in ask.candidates.positions.tolist()]
        prepared = Pairs(*self._tokenizer.pairs(pairs))
        scores, padded_tokens = forward_sorted(self, prepared, self._batch_tokens)
        lists = best_of_each(np.asarray(scores)[:, 0], asks, k)
        return Reranked(lists, tokens_of_each(prepared.n_tokens, asks), padded_tokens)

    def forward(self, prepared: Pairs) -> npt.NDArray[np.float32]:
        """Scores float32 [n, 1] of the batch padded to its longest pair."""
        import torch

        if not len(prepared):
            return np.zeros((0, 1), np.float32)
        ids, mask = pad(prepared.ids, self._tokenizer.pad_id)
        given: dict[str, Any] = {"input_ids": ids}
        if mask is not None:
            given["attention_mask"] = mask
        if self._has_segments:
            given["token_type_ids"] = pad(prepared.segments)[0]
        with torch.inference_mode():
            on_device = {name: torch.from_numpy(values).to(self.info.device) for name, values in given.items()}
            logits = self._module(**on_device).logits.float()
            scores = logits if logits.shape[1] == 1 else logits[:, 1:] - logits[:, :1]
            made: npt.NDArray[np.float32] = scores.cpu().numpy()
        return made


def _check(options: CrossEncoderOptions, config: Any) -> None:
    if config.num_labels not in (1, 2):
        raise ModelError(
            f'reranking "cross_encoder": model "{options.model}" tells {config.num_labels} labels apart; a score comes '
            "from one, or from two. Next: a model for ranking or for relevance"
        )
    positions = getattr(config, "max_position_embeddings", options.max_tokens)
    if options.max_tokens > positions:
        raise BadOptions(
            f'reranking "cross_encoder": max_tokens = {options.max_tokens}, but the model has {positions} positions. '
            "Next: at most those"
        )
