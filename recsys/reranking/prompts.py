"""What a prompt must have: its places, and room in the model."""

from __future__ import annotations

from typing import Any

from recsys.errors import BadOptions


def require_places(prompt: str, *places: str) -> str:
    """The prompt. Raises ValueError unless each place stands in it once, in this order, with text before and after."""
    found = [prompt.find(place) for place in places]
    before, after = prompt[: found[0]], prompt[found[-1] + len(places[-1]) :]
    once = all(prompt.count(place) == 1 for place in places)
    if not once or found != sorted(found) or not before.strip() or not after.strip():
        raise ValueError(f"some text, then {' and then '.join(places)}, each of them once, and some text")
    return prompt


def check_length(kind: str, n_tokens: int, config: Any) -> None:
    """Raise BadOptions when a prompt may have more tokens than the model has positions."""
    positions = config.max_position_embeddings
    if n_tokens > positions:
        raise BadOptions(
            f'reranking "{kind}": a prompt may have {n_tokens} tokens, but the model has {positions} positions. '
            "Next: fewer candidates, or a smaller user_tokens or item_tokens"
        )
