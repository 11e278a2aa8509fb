"""A re-ranker that writes its list: how long its first token takes, and each of those after it."""

from __future__ import annotations

from typing import ClassVar

from bench.analysis.cell import NS_PER_MS
from bench.analysis.metrics import METRICS, Cell, Column
from bench.analysis.stages import stage_lengths_ns
from bench.analysis.stats.quantile import minimum_n, quantile


@METRICS.register("written_tokens")
class WrittenTokens:
    """Medians over answered requests; empty for arms whose re-ranker writes nothing."""

    ORDER: ClassVar[int] = 42
    COLUMNS: ClassVar[dict[str, Column]] = {
        "first_token_p50_ms": Column("median time to read the prompt and write the first token", "ms", "lower"),
        "per_token_p50_ms": Column("median time for each of the other tokens", "ms", "lower"),
    }

    @staticmethod
    def measure(cell: Cell) -> dict[str, object]:
        """The stages of one request as its batch had them; per token = more_tokens / (new_tokens − 1)."""
        new_tokens = (cell.arm.get("reranker") or {}).get("new_tokens")
        if cell.request_kind != "recommend" or not new_tokens or cell.answered.sum() < minimum_n(0.5):
            return {}
        lengths_ms = stage_lengths_ns(cell.rows.only(cell.answered)) / NS_PER_MS
        values: dict[str, object] = {"first_token_p50_ms": quantile(lengths_ms["first_token"].to_numpy(), 0.5)}
        if new_tokens > 1:
            values["per_token_p50_ms"] = quantile(lengths_ms["more_tokens"].to_numpy(), 0.5) / (new_tokens - 1)
        return values
