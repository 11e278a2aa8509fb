"""A small network that says how likely a user is to choose an item, as it serves: numpy, no deep-learning library.

Dense 128 (ReLU) – 64 (ReLU) – 1 (sigmoid) over user vector, item vector and small features. The first layer is held in
three parts, so that what it makes of every item is computed once and only looked up in a request.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
REPORT = "report"
"""Key of the training report in the file's metadata."""


@dataclass(frozen=True)
class ClickNetwork:
    """Weights, float32. user [dim, 128], item [dim, 128], small [features, 128]: the first layer's parts.

    first [128], second [64], last [1]: biases. middle [128, 64], out [64, 1].
    """

    user: Floats
    item: Floats
    small: Floats
    first: Floats
    middle: Floats
    second: Floats
    out: Floats
    last: Floats

    def item_part(self, items: Floats) -> Floats:
        """What the first layer makes of item vectors [n, dim]: float32 [n, 128]."""
        return items @ self.item

    def probabilities(self, user: Floats, item_parts: Floats, small: Floats) -> Floats:
        """Chance that each item is chosen, float32 [n]. user [dim] or [n, dim], item_parts [n, 128], small [n, s]."""
        hidden = np.maximum(user @ self.user + item_parts + small @ self.small + self.first, 0)
        hidden = np.maximum(hidden @ self.middle + self.second, 0)
        logits = (hidden @ self.out + self.last)[:, 0]
        probabilities: Floats = 1 / (1 + np.exp(-np.clip(logits, -80, 80)))
        return probabilities

    def save(self, path: Path, report: Mapping[str, Any]) -> None:
        """Write a safetensors file, with what training found in its metadata."""
        from safetensors.numpy import save_file

        tensors = {field.name: np.ascontiguousarray(getattr(self, field.name)) for field in fields(self)}
        save_file(tensors, path, {REPORT: json.dumps(report)})

    @classmethod
    def load(cls, path: Path) -> tuple[ClickNetwork, dict[str, Any]]:
        """The network and its report."""
        from safetensors import safe_open

        with safe_open(path, framework="numpy") as file:
            network = cls(**{field.name: file.get_tensor(field.name) for field in fields(cls)})
            return network, json.loads(file.metadata()[REPORT])
