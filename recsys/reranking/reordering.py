"""A re-ranker asked of those users alone of whom there is a text."""

from __future__ import annotations

from collections.abc import Sequence

from recsys.index.protocol import Candidates
from recsys.reranking.protocol import Ask, Reranked, Reranker
from recsys.serving.protocols import Tracer


def reorder(reranker: Reranker, asks: Sequence[Ask], k: int, tracer: Tracer) -> Reranked:
    """The k best of each ask. Where the user has no text, the ranker's order stays: there is nothing to read."""
    lists = [Candidates(ask.candidates.positions[:k], ask.candidates.scores[:k]) for ask in asks]
    n_tokens = [0] * len(asks)
    told = [place for place, ask in enumerate(asks) if ask.text and len(ask.candidates.positions)]
    if not told:
        return Reranked(lists, n_tokens, 0)
    done = reranker.rerank([asks[place] for place in told], k, tracer)
    for place, best, tokens in zip(told, done.lists, done.n_tokens, strict=True):
        lists[place], n_tokens[place] = best, tokens
    return Reranked(lists, n_tokens, done.padded_tokens)
