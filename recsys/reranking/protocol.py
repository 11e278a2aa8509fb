"""The contract of a re-ranker, what it is built from, and what it is asked and answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from recsys.catalogue import Catalogue
from recsys.index.protocol import Candidates, ordered
from recsys.serving.protocols import Tracer
from recsys.types import Positions


@dataclass(frozen=True)
class Material:
    """What a re-ranker is built from.

    catalogue: the recommender's own, which ingests change. k: length of a list. device, threads: for the computation.
    """

    catalogue: Catalogue
    k: int
    device: str = "cpu"
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Ask:
    """One request for a new order. row: the request's. text: the user's (recsys.features.user_text).

    candidates: of the ranker, best first.
    """

    row: int
    text: str
    candidates: Candidates


@dataclass(frozen=True, slots=True)
class Reranked:
    """The k best candidates of each ask, best first. n_tokens: read for each; padded_tokens: computed for all of them.

    Tokens that several candidates share count once where they are computed once.
    """

    lists: list[Candidates]
    n_tokens: list[int]
    padded_tokens: int


@dataclass(frozen=True, slots=True)
class RerankerInfo:
    """What a re-ranker is, as it runs here; the words are those of EncoderInfo.

    candidates: that it is handed. score_tolerance: largest difference of a score between a batch of one and of many.
    """

    kind: str
    candidates: int
    model: str
    device: str
    threads: int
    precision: str
    revision: str
    weights_bytes: int
    weights_sha256: str
    real_weights: bool
    score_tolerance: float = 1e-4


class Reranker(Protocol):
    """Orders the best candidates of several users anew, all in one batch.

    Built from its `Options` and a Material. Between calls it keeps nothing but the items, so the threads of an arm may
    share one. Subclass it: what is not overridden does nothing.
    """

    info: RerankerInfo
    DEVICES: ClassVar[tuple[str, ...]] = ("cpu", "cuda")

    def rerank(self, asks: Sequence[Ask], k: int, tracer: Tracer) -> Reranked:
        """The k best of each ask's candidates under its own score, best first; equal scores by position.

        tracer: for stages that end before it is done; most have none.
        """

    def put(self, positions: Positions) -> None:
        """These items are new or changed in the catalogue: compute anew what is held of them."""

    def rewind(self) -> None:
        """Hold of the items what it was built with."""

    def describe(self) -> dict[str, Any]:
        """What it is, for the run's record: JSON values by name."""
        return asdict(self.info)


def best_of_each(scores: npt.NDArray[np.float32], asks: Sequence[Ask], k: int) -> list[Candidates]:
    """The k best of each ask. scores float32: of the first ask's candidates, then of the next's, end to end."""
    ends = np.cumsum([len(ask.candidates.positions) for ask in asks])
    parts = np.split(scores, ends[:-1]) if len(asks) else []
    return [ordered(ask.candidates.positions, part, k) for part, ask in zip(parts, asks, strict=True)]


def tokens_of_each(n_tokens: npt.NDArray[np.int64], asks: Sequence[Ask]) -> list[int]:
    """Tokens by ask, from those of all its candidates, end to end."""
    running = np.concatenate([[0], np.cumsum(n_tokens)])
    ends = np.concatenate([[0], np.cumsum([len(ask.candidates.positions) for ask in asks])]).astype(np.int64)
    tokens: list[int] = np.diff(running[ends]).tolist()
    return tokens
