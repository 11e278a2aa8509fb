"""What encoding a catalogue took, in all and beside what the machine can do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.quantities import quantity
from recsys.vector_shards import VectorManifest


@dataclass(frozen=True)
class EncodedFolder:
    """Of one call. new_*: what it encoded itself, the rest was there.

    encode_s: from text to vector; wall_s: from reading the data set to the last shard. flops_per_s: of real tokens;
    None without a language model. ceiling_per_s: of matrix products, None unmeasured.
    """

    folder: Path
    manifest: VectorManifest
    new_shards: int
    new_texts: int
    new_tokens: int
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
        if not self.new_shards:
            return f"{whole}, all there already"
        speed = (
            f"{self.new_texts:,} texts encoded in {quantity(self.encode_s, 's')}: "
            f"{quantity(self.new_texts / self.encode_s)} texts/s, {quantity(self.new_tokens / self.encode_s)} tokens/s"
        )
        share = self.share_of_ceiling
        beside = "" if share is None else f", {quantity(100 * share, '%')} of this machine's {found.precision} products"
        return f"{whole}\n{speed}{beside}; {quantity(self.wall_s, 's')} in all"

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "folder": str(self.folder),
            "manifest": self.manifest.model_dump(mode="json"),
            "new_shards": self.new_shards,
            "new_texts": self.new_texts,
            "new_tokens": self.new_tokens,
            "encode_s": self.encode_s,
            "wall_s": self.wall_s,
            "flops_per_s": self.flops_per_s,
            "ceiling_per_s": self.ceiling_per_s,
            "share_of_ceiling": self.share_of_ceiling,
        }
