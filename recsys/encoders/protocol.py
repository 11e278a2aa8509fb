"""The contract of an encoder: texts to unit-length vectors, in steps that can be timed apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from recsys.types import Prepared, Vectors


@dataclass(frozen=True, slots=True)
class EncoderInfo:
    """What an encoder is, as it runs here.

    dim: of a vector. precision: the one executed ("fp32", "int8", …). max_tokens: where texts are cut (0 = never).
    revision: what identifies the weights. weights_sha256 and weights_bytes are of the file, "" and 0 without one.
    has_model: a language model is inside. real_weights: False for random ones, whose quality means nothing.
    batch_tolerance: largest difference of a vector's cosine from 1 between batch of one and batch of many.
    sparse: its vectors are a scipy.sparse.csr_array. pads: a batch is computed padded to its longest text; without that
    every text costs its own tokens alone.
    batch_tokens: of one forward at most, with padding; 0 = the usual number where it pads, any where it does not.
    products: matrix products with weights in the graph as it runs, counted by precision; empty = not counted.
    unread_share: of the texts it was fitted on, the share that its tokenizer cannot read: their language is none
    that the model knows (recsys.models.reading). 0 says no more than that the tokenizer reads them.
    form: which of several forms of the model was kept, "" = there is one. measured: what each of them had been measured
    at, by form; empty where it was named, not chosen.
    """

    dim: int
    device: str
    precision: str
    max_tokens: int = 0
    revision: str = ""
    prompt: str = ""
    weights_bytes: int = 0
    weights_sha256: str = ""
    has_model: bool = False
    real_weights: bool = True
    threads: int = 1
    batch_tolerance: float = 1e-6
    sparse: bool = False
    pads: bool = True
    batch_tokens: int = 0
    products: Mapping[str, int] = field(default_factory=dict)
    unread_share: float = 0.0
    form: str = ""
    measured: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


class Encoder(Protocol):
    """Texts to unit-length vectors. Reads no clock. One instance is used by one thread."""

    @property
    def info(self) -> EncoderInfo:
        """What it is, as it runs here."""

    def fit(self, texts: Sequence[str]) -> None:
        """Learn from the texts known at t0; a pretrained model has nothing to do."""

    def prepare(self, texts: Sequence[str]) -> Prepared:
        """Ragged ids, one row a text; no padding yet."""

    def forward(self, prepared: Any) -> Vectors:
        """float32 [n, dim] of what its own prepare gave; pads the batch as it is, returns when the device is done."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """float32 [n, dim] in the order given: prepare and forward, sorted by length and batched."""

    def close(self) -> None:
        """Release what the encoder holds; it is not used afterwards."""
