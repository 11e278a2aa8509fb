"""What re-rankers that prompt a decoder share: options, the parts of a prompt, and whether it fits the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field, field_validator

from recsys.errors import BadOptions
from recsys.models.prompt import PromptTokenizer
from recsys.reranking.options import RerankOptions

USER = "{user}"


class PromptOptions(RerankOptions):
    """prompt: with {user} and then the kind's own place, which stand for the user's text and what is asked about.

    user_tokens: the user's text is cut to its last so many, the newest.
    """

    PLACE: ClassVar[str]

    model: str = Field("Qwen/Qwen3-0.6B", min_length=1)
    prompt: str
    user_tokens: int = Field(256, ge=1)
    batch_tokens: int = Field(4096, ge=1)

    @field_validator("prompt")
    @classmethod
    def _with_its_places(cls, prompt: str) -> str:
        return require_places(prompt, USER, cls.PLACE)


@dataclass(frozen=True, slots=True)
class Framing:
    """Ids of a prompt's own text: before the user's, the tokenizer's opening included; between; and at the end."""

    before: list[int]
    between: list[int]
    after: list[int]

    @classmethod
    def of(cls, options: PromptOptions, tokenizer: PromptTokenizer) -> Framing:
        """Cut the options' prompt at its places."""
        before, rest = options.prompt.split(USER)
        between, after = rest.split(options.PLACE)
        first, *others = tokenizer([before, between, after])
        return cls([*tokenizer.opening, *first], *others)

    def __len__(self) -> int:
        return len(self.before) + len(self.between) + len(self.after)


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
