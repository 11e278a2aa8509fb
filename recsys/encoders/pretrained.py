"""What all encoders with a pretrained model share: their options, tokenising and batching."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from recsys.encoders.batching import GPU_PADDED_TOKENS, Each, check_vectors, forward_sorted, pad
from recsys.encoders.protocol import EncoderInfo
from recsys.encoders.runtime import Runtime
from recsys.encoders.streams import Session, Streams
from recsys.errors import BadOptions
from recsys.models.locate import ModelFiles, locate
from recsys.models.shape import shape_of
from recsys.models.tokenizer import TextTokenizer
from recsys.options import OptionsModel
from recsys.types import TokenIds


class ModelOptions(OptionsModel):
    """Which model, and what it is given to read.

    model: "minilm", a folder, a hub id, or a shipped configuration with weights = "random" (then seed counts).
    max_tokens: where a text is cut, special tokens included. prompt: put in front of every text.
    batch_tokens: padded tokens of one batch in encode, on a GPU of any batch; not given, a GPU takes 65,536.
    """

    model: str = Field("minilm", min_length=1)
    weights: Literal["real", "random"] = "real"
    seed: int = Field(0, ge=0)
    max_tokens: int = Field(256, ge=3)
    prompt: str = ""
    batch_tokens: int = Field(1024, ge=1)


class PretrainedOptions(ModelOptions):
    """pooling: what becomes of the hidden states: their mean, that of the first token, or the largest a dimension."""

    pooling: Literal["mean", "cls", "max"] = "mean"


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """What a subclass found out about its model. files: where it came from. dim: of a vector.

    positions: tokens that a text may have at most. precision: the one executed. batch_tolerance: as in EncoderInfo.
    ending: the id that the model wants at the end of each text and its tokenizer does not put there. products: as in
    EncoderInfo.
    """

    files: ModelFiles
    dim: int
    positions: int
    precision: str
    batch_tolerance: float
    ending: int | None = None
    products: Mapping[str, int] = field(default_factory=dict)


def described(options: ModelOptions, precision: str, batch_tolerance: float) -> LoadedModel:
    """What is known of a model from its files, before it is loaded. Raises ModelError."""
    files = locate(options.model, options.weights, options.seed)
    shape = shape_of(files)
    return LoadedModel(files, shape.dim, shape.positions, precision, batch_tolerance)


class PretrainedEncoder:
    """Tokenises and batches; a subclass loads the model and embeds a padded batch."""

    EXACT: ClassVar[Mapping[str, object]] = {
        "kind": "transformer",
        "precision": "fp32",
        "compiled": False,
        "graphs": False,
        "unpadded": False,
        "batch_tokens": 512,
    }

    def __init__(self, options: ModelOptions, runtime: Runtime, model: LoadedModel) -> None:
        """Make the tokenizer and `info`. Raises BadOptions when a text may be longer than the model's positions."""
        if options.max_tokens > model.positions:
            raise BadOptions(
                f"max_tokens = {options.max_tokens}, but the model has {model.positions} positions. Next: at most those"
            )
        files, on_gpu = model.files, runtime.device != "cpu"
        is_given = "batch_tokens" in options.model_fields_set
        self._batch_tokens = options.batch_tokens if is_given or not on_gpu else GPU_PADDED_TOKENS
        self.info = EncoderInfo(
            dim=model.dim,
            device=runtime.device,
            precision=model.precision,
            max_tokens=options.max_tokens,
            revision=files.revision,
            prompt=options.prompt,
            weights_bytes=files.weights_bytes,
            weights_sha256=files.weights_sha256,
            has_model=True,
            real_weights=files.real,
            threads=runtime.threads,
            batch_tolerance=model.batch_tolerance,
            products=model.products,
            batch_tokens=self._batch_tokens if on_gpu else 0,
        )
        self._tokenizer = TextTokenizer(
            files.tokenizer, options.max_tokens, options.prompt, runtime.threads, ending=model.ending
        )
        self._streams: Streams[Any] | None = None
        """Of a subclass that computes many batches side by side."""

    def fit(self, texts: Sequence[str]) -> None:
        """The model was trained before; only `info.unread_share` is measured on the texts."""
        self.info = replace(self.info, unread_share=self._tokenizer.unread_share(texts))

    def prepare(self, texts: Sequence[str]) -> TokenIds:
        """Token ids, special tokens included, at most max_tokens a text; an empty text keeps its special tokens."""
        return self._tokenizer(texts)

    def forward(self, prepared: TokenIds) -> npt.NDArray[np.float32]:
        """float32 [n, dim] of the batch padded to its longest text."""
        if not len(prepared):
            return np.empty((0, self.info.dim), np.float32)
        return self._embed(*pad(prepared, self._tokenizer.pad_id))

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """float32 [n, dim] in the order given. Raises BadVectors when the model computes none."""
        each: Each = self._streams.map if self._streams else map
        vectors, _ = forward_sorted(self, self.prepare(texts), self._batch_tokens, each=each)
        check_vectors(vectors, len(texts), self.info.dim)
        return np.asarray(vectors)

    def close(self) -> None:
        """End the threads that encode a catalogue."""
        if self._streams:
            self._streams.close()

    def _own(self, alone: Session) -> Session:
        """What a batch is computed with: in a stream its own, in any other thread what has all cores."""
        own = self._streams.own if self._streams else None
        return alone if own is None else own

    def _embed(self, ids: npt.NDArray[np.int32], mask: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.float32]:
        """Unit vectors float32 [n, dim]. ids and mask: [n, length], n ≥ 1; mask None = no padding."""
        raise NotImplementedError
