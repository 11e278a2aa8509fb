"""How an item enters, new or changed: clean → prepare → (batch) → encode → index, all of it real work.

Each stage is one method, and its end is marked at one place, so the stages partition a request exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys.catalogue import CleanItem
from recsys.encoders.batching import Computed, forward_all
from recsys.encoders.cached import CachedEncoder
from recsys.errors import DataError
from recsys.parts import Parts
from recsys.serving.protocols import Tracer
from recsys.types import Positions, Prepared, Request, Vectors


@dataclass(frozen=True, slots=True)
class Intake:
    """Items on their way in, prepared and not yet encoded. positions int32 [n]: of the items, one a request.

    prepared: the texts of the first item, then of the next; each item has as many.
    """

    rows: list[int]
    positions: Positions
    items: list[CleanItem]
    prepared: Prepared


class Ingestion:
    """Makes items recommendable in the parts of one recommender."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def begin(self, requests: Sequence[Request], tracer: Tracer) -> Intake:
        """The stages before batching: clean, prepare. Nothing that others see is changed.

        Raises DataError for a position that the data set lacks.
        """
        rows = [request.row for request in requests]
        items = self.clean(requests)
        tracer.mark("clean", rows)
        prepared = self.prepare(items)
        tracer.mark("prepare", rows)
        return Intake(rows, np.array([request.item for request in requests], np.int32), items, prepared)

    def finish(self, intake: Intake, tracer: Tracer) -> None:
        """The remaining stages; after them every request sees the items."""
        tracer.mark("batch_wait", intake.rows)
        computed = self.encode(intake)
        tracer.mark("encode", intake.rows)
        self.index(intake, computed.vectors)
        tracer.mark("index", intake.rows)
        tracer.tokens(intake.rows, computed.n_tokens.reshape(len(intake.rows), -1).sum(axis=1).tolist())
        tracer.padded(intake.rows, computed.padded_tokens)

    def clean(self, requests: Sequence[Request]) -> list[CleanItem]:
        """Clean the items' texts as they are now."""
        for request in requests:
            if not 0 <= request.item < len(self._parts.items):
                raise DataError(
                    f"ingest of item {request.item}: the data set has positions 0 to {len(self._parts.items) - 1}. "
                    "Next: give the position of one of its items"
                )
        return [CleanItem.of(self._parts.items[request.item], self._parts.cleaner) for request in requests]

    def prepare(self, items: Sequence[CleanItem]) -> Prepared:
        """Make the items' texts ready for the encoder, and with each what else the ranker reads of it."""
        ranker = self._parts.ranker
        return self._parts.encoder.prepare([text for item in items for text in (item.text, *ranker.texts(item))])

    def encode(self, intake: Intake) -> Computed:
        """Vectors of the prepared texts, and the tokens that the encoder computed for them."""
        return forward_all(self._parts.encoder, intake.prepared)

    def index(self, intake: Intake, vectors: Vectors) -> None:
        """Put the items where they are read from; into the index last, so that what can be found is complete."""
        texts_per_item = len(intake.prepared) // len(intake.items)
        own, *others = [vectors[place::texts_per_item] for place in range(texts_per_item)]
        self._forget_changed(intake)
        self._parts.catalogue.put(intake.positions.tolist(), intake.items)
        self._parts.placement.put(intake.positions, own)
        self._parts.ranker.put(intake.positions, [own, *others])
        if self._parts.reranker:
            self._parts.reranker.put(intake.positions)
        self._parts.index.put(intake.positions, own)

    def _forget_changed(self, intake: Intake) -> None:
        """Let a cache forget the texts that are replaced: they will not be asked for again."""
        encoder, texts = self._parts.encoder, self._parts.catalogue.texts
        if isinstance(encoder, CachedEncoder):
            was = [texts[position] for position in intake.positions.tolist()]
            encoder.forget([old for old, item in zip(was, intake.items, strict=True) if old != item.text])
