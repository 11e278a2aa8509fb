"""What encoding a catalogue took, in all and beside what the machine can do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.quantities import quantity
from recsys.vector_shards import VectorManifest


@dataclass(frozen=True)
class NewlyEncoded:
    """What one call encoded itself, and by whom. threads: of each worker's encoder."""

    shards: int
    texts: int
    tokens: int
    workers: int
    threads: int


@dataclass(frozen=True)
class EncodedFolder:
    """Of one call. new: what it encoded itself, the rest was there.

    encode_s: from text to vector, of the worker who was busy longest; wall_s: from reading the data to the last shard.
    flops_per_s: of real tokens, of all workers; None without a language model. ceiling_per_s: of matrix products, None
    unmeasured.
    """

    folder: Path
    manifest: VectorManifest
    new: NewlyEncoded
    encode_s: float
    wall_s: float
    flops_per_s: float | None = None
    ceiling_per_s: float | None = None

    @property
    def share_of_ceiling(self) -> float | None:
        """Of the machine's matrix products in the encoder's precision; None where either is not known."""
        if self.flops_per_s is None or not self.ceiling_per_s:
            return None
        return self.flops_per_s / self.ceiling_per_s

    @property
    def sentence(self) -> str:
        """What happened, for a person."""
        found = self.manifest
        whole = f"{self.folder}: {found.items:,} items, {found.texts:,} different texts, {found.shards:,} shards"
        new = self.new
        if not new.shards:
            return f"{whole}, all there already"
        by = (
            ""
            if new.workers == 1
            else f" by {new.workers} workers with {new.threads} thread{'s' * (new.threads > 1)} each"
        )
        speed = (
            f"{new.texts:,} texts encoded{by} in {quantity(self.encode_s, 's')}: "
            f"{quantity(new.texts / self.encode_s)} texts/s, {quantity(new.tokens / self.encode_s)} tokens/s"
        )
        share = self.share_of_ceiling
        beside = "" if share is None else f", {quantity(100 * share, '%')} of this machine's {found.precision} products"
        return f"{whole}\n{speed}{beside}; {quantity(self.wall_s, 's')} in all"

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "folder": str(self.folder),
            "manifest": self.manifest.model_dump(mode="json"),
            "new_shards": self.new.shards,
            "new_texts": self.new.texts,
            "new_tokens": self.new.tokens,
            "workers": self.new.workers,
            "threads_each": self.new.threads,
            "encode_s": self.encode_s,
            "wall_s": self.wall_s,
            "flops_per_s": self.flops_per_s,
            "ceiling_per_s": self.ceiling_per_s,
            "share_of_ceiling": self.share_of_ceiling,
        }
