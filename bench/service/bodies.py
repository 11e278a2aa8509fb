"""The bodies that the routes take, and reading one within the limits."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bench.service.limits import ServiceLimits
from bench.service.refusals import Refusal, bad_request
from recsys.types import EventKind

if TYPE_CHECKING:
    from starlette.requests import Request

LONGEST_ID = 256
LONGEST_QUERY = 4096
"""Characters."""
LATEST_S = 1 << 40
"""Seconds since 1970, far beyond every data set."""
_LENGTH = re.compile(r"[0-9]{1,19}")
EVENT_KINDS = {kind.name.lower(): kind for kind in EventKind}


class Body(BaseModel):
    """A JSON object whose keys are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RecommendBody(Body):
    """POST /recommend. k: None = as many as the arm makes. timestamp: in the data's time, s; None = its end."""

    user: str = Field(max_length=LONGEST_ID)
    k: int | None = Field(None, ge=1)
    query: str = Field("", max_length=LONGEST_QUERY)
    timestamp: int | None = Field(None, ge=0, le=LATEST_S)


class FeedbackBody(Body):
    """POST /feedback: a user met an item."""

    user: str = Field(max_length=LONGEST_ID)
    item: str = Field(max_length=LONGEST_ID)
    event: Literal["browse", "click", "purchase", "rating", "dislike"] = "click"
    timestamp: int | None = Field(None, ge=0, le=LATEST_S)


class ItemBody(Body):
    """POST /items: an item of the data set, new or changed, becomes recommendable."""

    item: str = Field(max_length=LONGEST_ID)
    timestamp: int | None = Field(None, ge=0, le=LATEST_S)


class EmbeddingsBody(BaseModel):
    """POST /v1/embeddings, in the shape of OpenAI's: keys that are not known here (user) are ignored, as there."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    input: str | list[str]
    model: str = Field(max_length=LONGEST_ID)
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = Field(None, ge=1)

    @property
    def texts(self) -> list[str]:
        """What is to be encoded."""
        return [self.input] if isinstance(self.input, str) else self.input


class RewindBody(Body):
    """POST /rewind: the world as it was at a time; forget_cached: the vectors of caches too."""

    timestamp: int | None = Field(None, ge=0, le=LATEST_S)
    forget_cached: bool = False


B = TypeVar("B", bound=BaseModel)


async def read_body(request: Request, model: type[B], limits: ServiceLimits) -> B:
    """The body of a request as its model.

    Raises Refusal: 413 when it is too large, 408 when it does not come, 400 when it is not what the model says.
    """
    content = await _read(request, limits)
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        known = ", ".join(model.model_fields)
        raise bad_request(f"{_fault(error)}. Known keys: {known}") from error


async def _read(request: Request, limits: ServiceLimits) -> bytes:
    stated = request.headers.get("content-length", "")
    if _LENGTH.fullmatch(stated) and int(stated) > limits.body_bytes:
        raise _too_large(limits)
    content = bytearray()
    try:
        async with asyncio.timeout(limits.body_s):
            async for part in request.stream():
                content += part
                if len(content) > limits.body_bytes:
                    raise _too_large(limits)
    except TimeoutError as error:
        message = f"the body did not come within {limits.body_s:g} s"
        raise Refusal(408, "slow_body", message, {"Connection": "close"}) from error
    return bytes(content)


def _too_large(limits: ServiceLimits) -> Refusal:
    message = f"the body is larger than {limits.body_bytes} bytes"
    return Refusal(413, "too_large", message, {"Connection": "close"})


def _fault(error: ValidationError) -> str:
    """The first fault, without the value: it may be what a user typed."""
    first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    message = first["msg"] if first["type"] != "json_invalid" else "not JSON"
    return f"{place}: {message}" if place else message
