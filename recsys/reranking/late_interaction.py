"""Late interaction: the user's tokens against those of the items, whose vectors were computed before (MaxSim)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from recsys.encoders.batching import batches, pad
from recsys.errors import BadOptions
from recsys.index.protocol import ordered
from recsys.models.locate import locate
from recsys.models.shape import ModelShape, shape_of
from recsys.models.tokenizer import TextTokenizer
from recsys.reranking import RERANKERS
from recsys.reranking.options import RerankOptions
from recsys.reranking.protocol import Ask, Material, Reranked, Reranker
from recsys.reranking.token_vectors import ItemTokens, TokenVectors, max_sim
from recsys.reranking.torch_model import info_of
from recsys.serving.protocols import Tracer
from recsys.types import Positions, TokenIds

REQUIRES = ("torch", "transformers", "tokenizers", "safetensors")

SCORE_TOLERANCE = {"fp32": 1e-5, "bf16": 5e-3, "fp16": 1e-3}
"""By precision, of mean cosines."""


class LateInteractionOptions(RerankOptions):
    """max_tokens: of one text, special tokens included. stored: the type in which the items' vectors are held."""

    max_tokens: int = Field(256, ge=3)
    stored: Literal["fp16", "fp32"] = "fp16"


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of some texts. vectors [sum of lengths, dim], end to end; lengths int64 [n], of own tokens.

    n_tokens int64 [n]: special tokens included. padded_tokens: computed for all of them.
    """

    vectors: TokenVectors
    lengths: npt.NDArray[np.int64]
    n_tokens: npt.NDArray[np.int64]
    padded_tokens: int

    def split(self) -> list[TokenVectors]:
        """The vectors of each text."""
        return np.split(self.vectors, np.cumsum(self.lengths)[:-1]) if len(self.lengths) else []


@RERANKERS.register("late_interaction")
class LateInteractionReranker(Reranker):
    """MaxSim over the last hidden states of an encoder, as unit vectors and without the special tokens.

    In a request only the user's text is read; items are read when they enter the catalogue. A model that was trained
    for it (ColBERT) has a projection on top, which is not computed here. MaxSim itself runs on the CPU.
    """

    Options: ClassVar[type[RerankOptions]] = LateInteractionOptions
    EXACT: ClassVar[Mapping[str, object]] = {"precision": "fp32", "stored": "fp32", "batch_tokens": 2048}

    def __init__(self, options: LateInteractionOptions, material: Material) -> None:
        """Load the model and read every item. Raises ModelError, BadOptions for more tokens than it has positions."""
        import torch

        from recsys.models.encoder import load_encoder

        torch.set_num_threads(material.threads)
        files = locate(options.model, options.weights, options.seed)
        shape = shape_of(files)
        _check(options, shape)
        info = info_of("late_interaction", options, material, files)
        self.info = replace(info, score_tolerance=SCORE_TOLERANCE[options.precision])
        self._dim = shape.dim
        self._states = load_encoder(files, material.device, options.precision).states
        self._tokenizer = TextTokenizer(files.tokenizer, options.max_tokens, threads=material.threads)
        self._before, self._after = map(len, self._tokenizer.frame)
        self._batch_tokens = options.batch_tokens
        self._stored: type[np.floating] = np.float16 if options.stored == "fp16" else np.float32
        self._catalogue = material.catalogue
        items = self._read(material.catalogue.texts, self._stored)
        self._items = ItemTokens(items.vectors, items.lengths)

    def rerank(self, asks: Sequence[Ask], k: int, tracer: Tracer) -> Reranked:
        """Read the users' texts together, look the items' vectors up and compare."""
        read = self._read([ask.text for ask in asks], np.float32)
        lists = []
        for ask, user in zip(asks, read.split(), strict=True):
            scores = max_sim(user, *self._items.at(ask.candidates.positions))
            lists.append(ordered(ask.candidates.positions, scores, k))
        return Reranked(lists, read.n_tokens.tolist(), read.padded_tokens)

    def put(self, positions: Positions) -> None:
        """Read these items anew."""
        texts = [self._catalogue.texts[position] for position in positions.tolist()]
        self._items.put(positions, self._read(texts, self._stored).split())

    def rewind(self) -> None:
        """Hold the vectors that it was built with."""
        self._items.rewind()

    def describe(self) -> dict[str, Any]:
        """What it is, and what the items' vectors take."""
        size = {"item_tokens": self._items.n_tokens, "item_vectors_bytes": self._items.nbytes}
        return super().describe() | {"stored": np.dtype(self._stored).name} | size

    def _read(self, texts: Sequence[str], dtype: type[np.floating]) -> Read:
        """The texts' token vectors, put in their places batch by batch: those of a catalogue are never held twice."""
        prepared = self._tokenizer(texts)
        lengths = prepared.n_tokens - self._before - self._after
        ends = np.concatenate([[0], np.cumsum(lengths)])
        vectors = np.empty((int(ends[-1]), self._dim), dtype)
        padded_tokens = 0
        for rows in batches(prepared.n_tokens, self._batch_tokens):
            embedded = self._embed(prepared.take(rows))
            padded_tokens += embedded.shape[0] * embedded.shape[1]
            for row, tokens in zip(rows.tolist(), embedded, strict=True):
                vectors[ends[row] : ends[row + 1]] = tokens[self._before : self._before + lengths[row]]
        return Read(vectors, lengths, prepared.n_tokens, padded_tokens)

    def _embed(self, batch: TokenIds) -> npt.NDArray[np.float32]:
        """Unit vectors of all tokens, special and padding ones among them, [n, longest, dim]."""
        import torch

        ids, mask = pad(batch, self._tokenizer.pad_id)
        with torch.inference_mode():
            visible = None if mask is None else torch.from_numpy(mask).to(self.info.device)
            hidden = self._states(torch.from_numpy(ids).to(self.info.device), visible).float()
            unit: npt.NDArray[np.float32] = torch.nn.functional.normalize(hidden, dim=-1).cpu().numpy()
        return unit


def _check(options: LateInteractionOptions, shape: ModelShape) -> None:
    if options.max_tokens > shape.positions:
        raise BadOptions(
            f'reranking "late_interaction": max_tokens = {options.max_tokens}, but the model has '
            f"{shape.positions} positions. Next: at most those"
        )
