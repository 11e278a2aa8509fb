"""Training of the click network: binary cross-entropy, Adam, on choices before t0 and items that were not chosen.

The first 80 % of the choices, in time order, train and the last 20 % test; of those that train the last 10 % are held
out to choose the epoch whose weights are kept. Accuracy means little where one answer is right nearly always, so it
stands beside the base rate, with AUC and log-loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from recsys.errors import DataError
from recsys.options import OptionsModel
from recsys.ranking.click_network import ClickNetwork, Floats
from recsys.ranking.click_quality import accuracy, auc, log_loss

if TYPE_CHECKING:
    import torch

TRAIN_SHARE, HELD_OUT_SHARE = 0.8, 0.1
WIDTHS = (128, 64)
FEWEST_CHOICES = 20


class TrainingOptions(OptionsModel):
    """choices: so many of the newest before t0. negatives: items beside each that were not chosen."""

    choices: int = Field(10_000, ge=FEWEST_CHOICES)
    negatives: int = Field(4, ge=1)
    epochs: int = Field(10, ge=1)
    batch: int = Field(32, ge=1)
    learning_rate: float = Field(1e-3, gt=0)


@dataclass(frozen=True)
class TrainingSet:
    """One choice a row, in time order; in each the chosen item first.

    users [n, dim], items int32 [n, 1 + negatives] (rows of item_vectors [n_items, dim]), small [n, 1 + negatives, s].
    """

    users: Floats
    items: npt.NDArray[np.int32]
    item_vectors: Floats
    small: Floats

    def __len__(self) -> int:
        return len(self.users)

    @property
    def per_choice(self) -> int:
        """Examples a choice."""
        return int(self.items.shape[1])

    def parts(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Examples to train on, held out and to test on: numbers choice · per_choice + place, int64."""
        n_train = int(TRAIN_SHARE * len(self))
        n_fitted = n_train - int(HELD_OUT_SHARE * n_train)
        cuts = np.array([0, n_fitted, n_train, len(self)]) * self.per_choice
        fitted, held_out, tested = (np.arange(low, high) for low, high in zip(cuts[:-1], cuts[1:], strict=True))
        return fitted, held_out, tested


def train(data: TrainingSet, options: TrainingOptions, seed: int) -> tuple[ClickNetwork, dict[str, Any]]:
    """The network and what it is worth: JSON values by name. Raises DataError for too few choices."""
    if len(data) < FEWEST_CHOICES:
        raise DataError(
            f'ranking "network": {len(data)} choices before t0, too few to train on. Next: at least {FEWEST_CHOICES} '
            'clicks, purchases or ratings, or ranking = { kind = "similarity" }'
        )
    scaling = scaling_of(data)
    module, losses = fit(data, scaling, options, seed)
    network = export(module, scaling)
    report = {
        "choices": len(data),
        "negatives": data.per_choice - 1,
        "epochs": options.epochs,
        "kept_epoch": int(np.argmin(losses)) + 1,
        "held_out_log_loss": [round(loss, 5) for loss in losses],
    }
    return network, report | judge(network, data)


def judge(network: ClickNetwork, data: TrainingSet) -> dict[str, float]:
    """Accuracy beside the base rate, AUC and log-loss on the last 20 % of the choices."""
    _, _, tested = data.parts()
    chances = predict(network, data, tested)
    clicked = tested % data.per_choice == 0
    base_rate = float(clicked.mean())
    return {
        "tested_examples": len(tested),
        "base_rate": base_rate,
        "accuracy": accuracy(clicked, chances),
        "base_accuracy": max(base_rate, 1 - base_rate),
        "auc": auc(clicked, chances),
        "log_loss": log_loss(clicked, chances),
        "base_log_loss": log_loss(clicked, np.full(len(clicked), base_rate)),
    }


def predict(network: ClickNetwork, data: TrainingSet, examples: npt.NDArray[np.int64]) -> Floats:
    """Chances float32 [examples], as the network serves them."""
    choice, place = np.divmod(examples, data.per_choice)
    parts = network.item_part(data.item_vectors)
    return network.probabilities(data.users[choice], parts[data.items[choice, place]], data.small[choice, place])


@dataclass(frozen=True)
class Scaling:
    """How inputs become about as large as 1: unit vectors · vector, small features less mean [s], by std [s]."""

    vector: float
    mean: Floats
    std: Floats


def scaling_of(data: TrainingSet) -> Scaling:
    """√dim for the entries of a unit vector; mean and standard deviation over the examples that train."""
    fitted = data.small.reshape(-1, data.small.shape[2])[data.parts()[0]]
    spread = fitted.std(axis=0)
    return Scaling(float(np.sqrt(data.users.shape[1])), fitted.mean(axis=0), np.where(spread > 0, spread, 1))


def fit(
    data: TrainingSet, scaling: Scaling, options: TrainingOptions, seed: int
) -> tuple[torch.nn.Module, list[float]]:
    """The module of the best epoch, and the held-out log-loss of each. PyTorch's random state and threads are kept."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # batches are so small that more threads only wait for one another
    try:
        return _fit(data, scaling, options, seed)
    finally:
        torch.set_num_threads(threads)


def _fit(
    data: TrainingSet, scaling: Scaling, options: TrainingOptions, seed: int
) -> tuple[torch.nn.Module, list[float]]:
    import torch

    inputs = _inputs(data, scaling)
    fitted, held_out, _ = (torch.from_numpy(part) for part in data.parts())
    shuffles = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = _module(2 * data.users.shape[1] + data.small.shape[2])
    optimiser = torch.optim.Adam(module.parameters(), lr=options.learning_rate)
    entropy = torch.nn.BCEWithLogitsLoss()
    losses: list[float] = []
    best: dict[str, torch.Tensor] = {}
    for _ in range(options.epochs):
        shuffled = fitted[torch.from_numpy(shuffles.permutation(len(fitted)))]
        for batch in torch.split(shuffled, options.batch):
            optimiser.zero_grad()
            entropy(module(inputs(batch))[:, 0], _clicked(batch, data)).backward()
            optimiser.step()
        with torch.inference_mode():
            losses.append(float(entropy(module(inputs(held_out))[:, 0], _clicked(held_out, data))))
        if losses[-1] == min(losses):
            best = {name: weights.clone() for name, weights in module.state_dict().items()}
    module.load_state_dict(best)
    return module, losses


def export(module: Any, scaling: Scaling) -> ClickNetwork:
    """The module's weights with the scaling folded into the first layer."""
    layers = [
        (layer.weight.detach().numpy().T.astype(np.float64), layer.bias.detach().numpy())
        for layer in module
        if hasattr(layer, "weight")
    ]
    (first, first_bias), (middle, second_bias), (out, last_bias) = layers
    dim = (len(first) - len(scaling.mean)) // 2
    small = first[2 * dim :] / scaling.std[:, None]
    values = {
        "user": first[:dim] * scaling.vector,
        "item": first[dim : 2 * dim] * scaling.vector,
        "small": small,
        "first": first_bias - scaling.mean @ small,
        "middle": middle,
        "second": second_bias,
        "out": out,
        "last": last_bias,
    }
    return ClickNetwork(**{name: np.ascontiguousarray(value, np.float32) for name, value in values.items()})


def _module(n_inputs: int) -> torch.nn.Sequential:
    from torch.nn import Linear, ReLU, Sequential

    wide, narrow = WIDTHS
    return Sequential(Linear(n_inputs, wide), ReLU(), Linear(wide, narrow), ReLU(), Linear(narrow, 1))


def _inputs(data: TrainingSet, scaling: Scaling) -> Any:
    """A function from numbers of examples to their inputs [n, 2 · dim + s], gathered as they are asked for."""
    import torch

    users, vectors = (torch.from_numpy(rows * np.float32(scaling.vector)) for rows in (data.users, data.item_vectors))
    items = torch.from_numpy(data.items.astype(np.int64).ravel())
    small = (data.small.reshape(len(items), -1) - scaling.mean) / scaling.std
    features = torch.from_numpy(small.astype(np.float32))

    def gather(examples: torch.Tensor) -> torch.Tensor:
        return torch.cat([users[examples // data.per_choice], vectors[items[examples]], features[examples]], dim=1)

    return gather


def _clicked(examples: torch.Tensor, data: TrainingSet) -> torch.Tensor:
    return (examples % data.per_choice == 0).float()
