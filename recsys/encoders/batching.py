"""Texts of unequal length through a model that pads: sorted by length, cut into batches, back in the order given."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar, cast

import numpy as np
import numpy.typing as npt
import scipy.sparse

from recsys.encoders.protocol import Encoder
from recsys.errors import BadVectors
from recsys.types import Prepared, TokenIds, Vectors

MAX_PADDED_TOKENS = 1024
"""Padded tokens of one batch: beyond this the activations of a small encoder leave the caches of a CPU core."""
MAX_ROWS = 256
"""Texts of one batch, however short."""
GPU_PADDED_TOKENS = 1 << 16
"""The same on a GPU, which one batch must fill: it is as fast from some thousand tokens on, and memory is the limit."""
NORM_TOLERANCE = 1e-3
"""How far the norm of a row may be from 1: what float32 sums and half precisions leave."""


P = TypeVar("P", bound=Prepared)
P_contra = TypeVar("P_contra", bound=Prepared, contravariant=True)


class Forward(Protocol[P_contra]):
    """The part of an encoder that is needed here."""

    def forward(self, prepared: P_contra) -> Vectors:
        """float32 [n, dim] of a batch that is padded as it is."""


class Each(Protocol):
    """The builtin map, or one that computes several at a time: results in the order of what is given."""

    def __call__(self, function: Any, given: Sequence[Any], /) -> Iterable[Any]:
        """Of each of what is given."""


class Computed(NamedTuple):
    """Vectors [n, dim] of some texts, and what they cost: n_tokens int64 [n], and all of them with padding."""

    vectors: Vectors
    n_tokens: npt.NDArray[np.int64]
    padded_tokens: int


class Composed(ABC):
    """An encoder around another, which says itself what of a batch goes through that one, and how."""

    @abstractmethod
    def forward_all(self, prepared: Any) -> Computed:
        """As the function of this name."""


def batches(
    n_tokens: npt.NDArray[np.int64], max_padded_tokens: int = MAX_PADDED_TOKENS, max_rows: int = MAX_ROWS
) -> Iterator[npt.NDArray[np.intp]]:
    """Rows that are computed together, the shortest first; see `forward_sorted`. None for no rows."""
    order = np.argsort(n_tokens, kind="stable")
    if len(order):
        for start, stop in _cuts(n_tokens[order], max_padded_tokens, max_rows):
            yield order[start:stop]


def forward_sorted(
    encoder: Forward[P],
    prepared: P,
    max_padded_tokens: int = MAX_PADDED_TOKENS,
    max_rows: int = MAX_ROWS,
    each: Each = map,
) -> tuple[Vectors, int]:
    """Vectors [n, dim] in the order given, and the tokens computed with padding.

    Padded tokens are the sum over batches of rows × longest row. A text longer than the budget is a batch of its own.
    each: applies forward to the batches.
    """
    n_tokens = prepared.n_tokens
    if len(prepared) <= 1:
        return encoder.forward(prepared), sum(n_tokens.tolist())
    order = np.argsort(n_tokens, kind="stable")
    cuts = [order[start:stop] for start, stop in _cuts(n_tokens[order], max_padded_tokens, max_rows)]
    parts = list(each(lambda rows: encoder.forward(prepared.take(rows)), cuts))
    padded_tokens = sum(len(rows) * int(n_tokens[rows[-1]]) for rows in cuts)
    return _restore(parts, order), padded_tokens


def forward_all(encoder: Encoder, prepared: Any) -> Computed:
    """forward_sorted for any encoder, in batches of its own size: one that pads nothing may take all at once."""
    if isinstance(encoder, Composed):
        return encoder.forward_all(prepared)
    info, n_tokens = encoder.info, prepared.n_tokens
    if not info.pads and not info.batch_tokens:
        return Computed(encoder.forward(prepared), n_tokens, int(n_tokens.sum()))
    max_rows = MAX_ROWS if info.device == "cpu" else len(prepared)
    vectors, padded_tokens = forward_sorted(encoder, prepared, info.batch_tokens or MAX_PADDED_TOKENS, max_rows)
    return Computed(vectors, n_tokens, padded_tokens if info.pads else int(n_tokens.sum()))


def _cuts(ascending: npt.NDArray[np.int64], max_padded_tokens: int, max_rows: int) -> Iterator[tuple[int, int]]:
    """Batches as (start, stop). Texts without tokens, which cost nothing, stay apart from those that have some."""
    lengths = ascending.tolist()
    start = 0
    for stop, longest in enumerate(lengths):
        rows = stop - start + 1
        if stop > start and (rows > max_rows or rows * longest > max_padded_tokens or (longest and not lengths[start])):
            yield start, stop
            start = stop
    yield start, len(lengths)


def _restore(parts: list[Vectors], order: npt.NDArray[np.intp]) -> Vectors:
    """The parts joined, row i of the result being the text that stood at place i."""
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    if scipy.sparse.issparse(parts[0]):
        return scipy.sparse.csr_array(scipy.sparse.vstack(cast("Any", parts), format="csr")[back])
    joined: npt.NDArray[np.float32] = np.concatenate(cast("list[npt.NDArray[np.float32]]", parts))
    return joined[back]


def pad(batch: TokenIds, pad_id: int = 0) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_] | None]:
    """Ids int32 [n, longest] and the mask of real tokens, bool [n, longest]; None where no row needs padding.

    A batch of equal lengths, and so every single text, is a view of its ids: nothing is copied.
    """
    rows = len(batch)
    if rows == 1:
        return batch.ids[np.newaxis], None
    longest = int(batch.n_tokens.max(initial=0))
    if rows * longest == len(batch.ids):
        return batch.ids.reshape(rows, longest), None
    mask = np.arange(longest) < batch.n_tokens[:, None]
    ids = np.full((rows, longest), pad_id, np.int32)
    ids[mask] = batch.ids
    return ids, mask


def check_vectors(vectors: Vectors, rows: int, dim: int) -> None:
    """Raise BadVectors unless these are `rows` finite vectors of `dim` numbers, each of norm 1 or 0."""
    if vectors.shape != (rows, dim):
        raise BadVectors(f"vectors of shape {vectors.shape}, expected {(rows, dim)}. Next: check the encoder's forward")
    if isinstance(vectors, np.ndarray):
        squared = np.vecdot(vectors, vectors)
    else:
        squared = np.asarray(vectors.multiply(vectors).sum(axis=1)).ravel()
    # Python's own loop is quickest for the one vector of a request. A NaN compares false with everything: it is bad.
    tolerance = 2 * NORM_TOLERANCE
    bad = [row for row, value in enumerate(squared.tolist()) if not (abs(value - 1) <= tolerance or value == 0)]
    if bad:
        raise BadVectors(
            f"vector {bad[0]} of {rows} has squared norm {squared[bad[0]]}, expected 1 or 0 "
            f"({len(bad)} such rows). Next: check the precision, or the model's files"
        )
