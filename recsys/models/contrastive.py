"""Training without labels: what stands side by side in one text belongs together, what stands in another does not.

Each text is cut at a random token; the pieces on both sides are a pair, and all other pieces of the batch are the
negatives (InfoNCE, van den Oord et al. 2018; random crops as pairs as in Izacard et al. 2022).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from recsys.types import TokenIds

if TYPE_CHECKING:
    from recsys.models.bilstm import BiLstm

Row = npt.NDArray[np.int32]

BATCH = 64
LEARNING_RATE = 4e-3
TEMPERATURE = 0.05
PIECE_TOKENS = 16
"""Tokens of a piece, at most: the time of a step, and so of the whole training, is bounded by it."""
MIN_TOKENS = 4
"""A text takes part when it has two tokens between its first and its last, which are the special ones."""


@dataclass(frozen=True, slots=True)
class Training:
    """How long, and from where. max_steps bounds the time on large catalogues, whatever the epochs."""

    epochs: int
    max_steps: int
    seed: int

    def settings(self) -> dict[str, object]:
        """Everything that the result depends on beside the network and the texts."""
        fixed = {"batch": BATCH, "rate": LEARNING_RATE, "temperature": TEMPERATURE, "piece_tokens": PIECE_TOKENS}
        return asdict(self) | fixed


def train(network: BiLstm, texts: TokenIds, training: Training) -> list[float]:
    """Train the network in place; returns the loss of each step.

    texts: each with a special token at both ends. One thread computes it, so that a seed gives the same numbers
    whatever the number of threads.
    """
    rows = [texts.ids[low:high] for low, high in zip(texts.offsets[:-1], texts.offsets[1:], strict=True)]
    rows = [row for row in rows if len(row) >= MIN_TOKENS]
    rng = np.random.default_rng(training.seed)
    optimiser = torch.optim.Adam(network.lstm.parameters(), LEARNING_RATE)
    losses = []
    with _one_thread():
        for batch in _batches(rows, training, rng):
            loss = _loss(network, [_cut(row, rng) for row in batch])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            losses.append(float(loss.detach()))
    return losses


def _batches(rows: list[Row], training: Training, rng: np.random.Generator) -> Iterator[list[Row]]:
    """Shuffled batches of all epochs, up to the last step; one text alone has no negatives and is left out."""
    steps = 0
    for _ in range(training.epochs):
        order = rng.permutation(len(rows))
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            if steps == training.max_steps:
                return
            if len(chosen) > 1:
                steps += 1
                yield [rows[place] for place in chosen]


def _cut(row: Row, rng: np.random.Generator) -> tuple[Row, Row]:
    """The beginnings of both sides of a random place, each between the text's own special tokens.

    The left one begins with the title, which so learns to find any passage of its text.
    """
    place = int(rng.integers(2, len(row) - 1))
    left, right = row[1:place][:PIECE_TOKENS], row[place:-1][:PIECE_TOKENS]
    return np.concatenate([row[:1], left, row[-1:]]), np.concatenate([row[:1], right, row[-1:]])


def _loss(network: BiLstm, pairs: list[tuple[Row, Row]]) -> torch.Tensor:
    """InfoNCE both ways: each left piece must find its right one among all, and each right one its left."""
    pieces = [torch.from_numpy(piece) for side in zip(*pairs, strict=True) for piece in side]
    lengths = torch.tensor([len(piece) for piece in pieces])
    ids = pad_sequence(pieces, batch_first=True)
    vectors = network(ids, torch.arange(ids.shape[1]) < lengths[:, None])
    similarity = vectors[: len(pairs)] @ vectors[len(pairs) :].T / TEMPERATURE
    own = torch.arange(len(pairs))
    return (functional.cross_entropy(similarity, own) + functional.cross_entropy(similarity.T, own)) / 2


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
