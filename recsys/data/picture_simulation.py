"""Picture vectors for the embedded catalogue, made up: no picture exists behind them.

The embedded items have words, but no pictures. So that a picture block can be shown at work without a download, each
item outside `search` (pages found by search have none) gets a vector as a vision model might give of its picture: the
sum of a direction for what it shows (its topic), one for how it looks (tone and domain) and noise of its own. Topic and
tone are among the hidden attributes that simulated users like, so this block helps by construction; how much says
nothing about real pictures. `recsys/data/arrays/embedded-pictures.npz` holds what this file makes of PICTURE_SEED.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from recsys.data.embedded import CatalogueItem, read_catalogue
from recsys.vectors import unit_rows

PICTURE_SEED = 11
DIM = 32
WITHOUT_PICTURES = "search"
SHARES = {"topic": 1.0, "tone": 0.5, "domain": 0.5}
"""Length of each attribute's direction in the sum."""
NOISE = 0.9
"""Length of an item's own part."""


def simulate_pictures(catalogue: Sequence[CatalogueItem], seed: int = PICTURE_SEED) -> npt.NDArray[np.float16]:
    """Unit rows float16 [items, DIM]. Draws come from `Generator.random` alone, so a seed means the same everywhere."""
    random = np.random.Generator(np.random.PCG64(seed))
    rows = NOISE * _directions(random, len(catalogue))
    for trait, share in SHARES.items():
        values, codes = np.unique([getattr(item, trait) for item in catalogue], return_inverse=True)
        rows = rows + share * _directions(random, len(values))[codes]
    return unit_rows(rows).astype(np.float16)


def write_pictures(path: Path) -> None:
    """Write the shipped file: `vectors` and `item_id` of the items that have a picture."""
    catalogue = read_catalogue()
    shown = [row for row, item in enumerate(catalogue) if item.domain != WITHOUT_PICTURES]
    vectors = simulate_pictures(catalogue)[shown]
    np.savez_compressed(path, vectors=vectors, item_id=np.array([catalogue[row].item_id for row in shown], np.bytes_))


def _directions(random: np.random.Generator, n: int) -> npt.NDArray[np.float32]:
    """Unit rows float32 [n, DIM], centred on no direction."""
    return unit_rows(random.random((n, DIM)) - 0.5)
