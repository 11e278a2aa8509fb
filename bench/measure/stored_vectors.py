"""Item vectors that `encode-catalogue` wrote earlier, in place of encoding the catalogue again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy.sparse

from bench.errors import ConfigError
from bench.scenario import ArmTable
from recsys.catalogue import Catalogue
from recsys.encoders.protocol import Encoder
from recsys.types import Vectors
from recsys.vector_shards import ItemVectorSet, VectorManifest, catalogue_sha256, load_item_vectors

ENCODED_AGAIN = 16
"""Items encoded again to see that the vectors are this encoder's: what it was fitted on is in no manifest."""


def stored_vectors(arm: ArmTable, encoder: Encoder, catalogue: Catalogue) -> Vectors:
    """float32 [n, dim] in the catalogue's order, sparse where the encoder's are.

    Raises DataError for a folder that is not whole or of another catalogue, and ConfigError for another encoder's.
    """
    folder = Path(arm.item_vectors)
    stored = load_item_vectors(folder, catalogue_sha256(catalogue.item_ids, catalogue.texts))
    if differences := _differences(arm, encoder, stored.manifest):
        raise ConfigError(
            f'arm "{arm.name}": item_vectors {folder} are another encoder\'s: {"; ".join(differences)}. {_next(arm)}'
        )
    _check_some(arm, encoder, catalogue, stored)
    return scipy.sparse.csr_array(stored.vectors) if encoder.info.sparse else stored.vectors


def _differences(arm: ArmTable, encoder: Encoder, manifest: VectorManifest) -> list[str]:
    """In words. Threads and the device may differ: they move the last bits."""
    info = encoder.info
    here = {
        "encoder": arm.encoder.model_dump(mode="json"),
        "revision": info.revision,
        "precision": info.precision,
        "prompt": info.prompt,
        "max_tokens": info.max_tokens,
        "dim": info.dim,
    }
    return manifest.differences(manifest.model_copy(update=here))


def _check_some(arm: ArmTable, encoder: Encoder, catalogue: Catalogue, stored: ItemVectorSet) -> None:
    """Raise ConfigError where vectors spread over the catalogue are not what the encoder says of their texts now."""
    places = np.unique(np.linspace(0, len(catalogue) - 1, ENCODED_AGAIN).astype(int))
    found = encoder.encode([catalogue.texts[place] for place in places])
    again = found.toarray() if scipy.sparse.issparse(found) else np.asarray(found)
    there = stored.vectors[places]
    known = np.any(there != 0, axis=1) | np.any(again != 0, axis=1)
    apart = 1 - np.sum(again * there, axis=1)[known]
    if apart.max(initial=0) > 4 * max(encoder.info.batch_tolerance, 1e-6):  # two batches: twice the angle
        place = int(places[known][np.argmax(apart)])
        raise ConfigError(
            f'arm "{arm.name}": item_vectors {arm.item_vectors}: the vector of "{catalogue.item_ids[place]}" is not '
            f"what the encoder says of its text now (cosine {1 - apart.max():.4f}): it was fitted on other texts, or "
            f"computes otherwise here. {_next(arm)}"
        )


def _next(arm: ArmTable) -> str:
    return f"Next: encode-catalogue SCENARIO --arm {arm.name} --out NEW_FOLDER, or leave item_vectors out"
