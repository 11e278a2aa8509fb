"""Training on crops: where texts are cut, how many steps there are, and that the loss falls."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recsys.models import contrastive
from recsys.models.bilstm import BiLstm
from recsys.models.contrastive import BATCH, PIECE_TOKENS, Training, train
from recsys.types import TokenIds

FIRST, LAST = 101, 102


def network() -> BiLstm:
    torch.manual_seed(0)
    table = np.random.default_rng(0).standard_normal((110, 12)).astype(np.float32)
    return BiLstm(table, hidden_units=8)


def texts(n: int, length: int = 9) -> TokenIds:
    """Texts whose tokens are their own: five texts share none."""
    return TokenIds.from_lists(
        [[FIRST, *[row % 20 * 5 + place % 5 for place in range(length)], LAST] for row in range(n)]
    )


@pytest.mark.parametrize("length", [2, 3, 9, 100])
def test_pieces_lie_on_both_sides_of_a_cut_and_are_bounded(length: int) -> None:
    row, rng = np.array([FIRST, *range(length), LAST], np.int32), np.random.default_rng(1)
    for _ in range(50):
        left, right = contrastive._cut(row, rng)
        assert (left[0], left[-1], right[0], right[-1]) == (FIRST, LAST, FIRST, LAST)
        assert 1 <= len(left) - 2 <= PIECE_TOKENS
        assert 1 <= len(right) - 2 <= PIECE_TOKENS
        assert left[1] == 0, "the left piece begins with the title"
        assert left[-2] < right[1], "no token is in both: finding it again would teach nothing"


@pytest.mark.parametrize(
    ("n", "epochs", "max_steps", "expected"),
    [
        (2 * BATCH, 3, 400, 6),
        (2 * BATCH, 3, 4, 4),
        (BATCH + 1, 2, 400, 2),
        (5, 3, 400, 3),
        (1, 9, 400, 0),
        (5, 0, 9, 0),
    ],
)
def test_steps_are_those_of_the_epochs_up_to_the_limit(n: int, epochs: int, max_steps: int, expected: int) -> None:
    assert len(train(network(), texts(n), Training(epochs, max_steps, seed=0))) == expected


def test_texts_that_cannot_be_cut_are_left_out() -> None:
    short = TokenIds.from_lists([[FIRST, 3, LAST], [FIRST, LAST], []])
    assert train(network(), short, Training(5, 400, seed=0)) == []


def test_the_loss_falls_from_chance() -> None:
    losses = train(network(), texts(20), Training(150, 400, seed=0))
    assert np.mean(losses[-10:]) < 0.3 * losses[0]


def test_the_table_is_not_trained_and_the_callers_threads_are_kept() -> None:
    threads = torch.get_num_threads()
    trained = network()
    before = trained.table.clone()
    train(trained, texts(20), Training(2, 400, seed=0))
    assert torch.equal(trained.table, before)
    assert torch.get_num_threads() == threads
