"""An encoder behind an OpenAI-compatible /v1/embeddings: text-embeddings-inference, vLLM, infinity, or this project's.

One call a batch, over one connection that is kept alive, and none is repeated: a retry would be a latency that nobody
sees. An answer 429 is an error of its own, so it is counted as such. The key comes from an environment variable, whose
name is all that is ever stored.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import select
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator

from recsys.encoders import ENCODERS
from recsys.encoders.protocol import EncoderInfo
from recsys.encoders.runtime import Runtime
from recsys.errors import BadOptions, ModelError
from recsys.options import OptionsModel

if TYPE_CHECKING:
    from recsys.serving.protocols import Clock

REQUIRES = ()

NS_PER_MS = 1_000_000
READ_BYTES = 1 << 16
PROBE = "dimension"
"""The text that is encoded once at the start, to learn how long vectors are."""


class RemoteFailure(Exception):
    """The endpoint did not answer as it should. Messages name neither texts nor the key."""


class RateLimited(RemoteFailure):
    """429: more calls than it allows. They are counted; nothing is repeated."""


class RemoteOptions(OptionsModel):
    """url: up to /v1, as clients of OpenAI take it. model: its name there, which has to be given.

    api_key_env: variable with the key. dimensions: asked for, None = as the model has. max_texts: of one call; servers
    end what takes too long. timeout_ms: of one call. reference: the exact encoder here that fidelity compares with, as
    { kind = "transformer", model = "minilm" }; without one fidelity is not measured.
    """

    url: str = "http://127.0.0.1:8000/v1"
    model: str = ""
    api_key_env: str = ""
    dimensions: int | None = Field(None, ge=1)
    max_texts: int = Field(32, ge=1)
    timeout_ms: float = Field(10_000.0, gt=0)
    reference: dict[str, Any] | None = None

    @field_validator("url")
    @classmethod
    def _address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("is an address of HTTP, for example http://127.0.0.1:8000/v1")
        if parts.username or parts.password:
            raise ValueError("holds a name or password, which runs would keep; use api_key_env")
        return url.rstrip("/")


@dataclass(frozen=True, slots=True)
class RemoteTexts:
    """Texts that will be sent. Their tokens are unknown here: words stand in for them, none for a blank text."""

    texts: tuple[str, ...]

    @property
    def n_tokens(self) -> npt.NDArray[np.int64]:
        """Words a text, int64 [n]."""
        return np.array([len(text.split()) for text in self.texts], np.int64)

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: npt.NDArray[np.intp]) -> RemoteTexts:
        """The texts of these rows, in the order given."""
        return RemoteTexts(tuple(self.texts[row] for row in rows.tolist()))

    def concat(self, others: Sequence[RemoteTexts]) -> RemoteTexts:
        """The texts of this batch, then of the others."""
        return RemoteTexts(tuple(text for part in (self, *others) for text in part.texts))


@ENCODERS.register("remote")
class RemoteEncoder:
    """Asks for vectors and scales them to norm 1; a blank text is not sent and has norm 0."""

    Options: ClassVar[type[OptionsModel]] = RemoteOptions
    DEVICES: ClassVar[tuple[str, ...]] = ("cpu",)
    WANTS_CLOCK: ClassVar[bool] = True

    def __init__(self, options: RemoteOptions, runtime: Runtime) -> None:
        """Encode a word, to learn how long vectors are.

        Raises ModelError where that fails, and BadOptions without a model.
        """
        if not options.model:
            raise BadOptions('encoder "remote": model is missing. Next: name it as the endpoint does')
        self._options = options
        self._endpoint = _Endpoint(options, runtime.clock)
        try:
            dim = self._embed([PROBE]).shape[1]
        except (RemoteFailure, OSError, http.client.HTTPException) as error:
            raise ModelError(
                f'encoder "remote": {options.url} does not answer: {type(error).__name__}: {error}. '
                "Next: start it, or mend url, model and the key"
            ) from error
        self.info = EncoderInfo(
            dim=dim,
            device="elsewhere",
            precision="",
            revision=f"remote:{options.model}",
            has_model=True,
            batch_tolerance=1e-4,
            pads=False,
        )

    @staticmethod
    def EXACT(options: Mapping[str, object]) -> dict[str, object] | None:  # noqa: N802 the name is the registry's
        """The encoder that the options name as the reference."""
        reference = options.get("reference")
        return dict(reference) if isinstance(reference, Mapping) else None

    def fit(self, texts: Sequence[str]) -> None:
        """Nothing to learn."""

    def prepare(self, texts: Sequence[str]) -> RemoteTexts:
        """The texts as they can be sent: a lone surrogate has no form in UTF-8 and becomes "?"."""
        return RemoteTexts(tuple(text.encode("utf-8", "replace").decode() for text in texts))

    def forward(self, prepared: RemoteTexts) -> npt.NDArray[np.float32]:
        """float32 [n, dim], in calls of max_texts. Raises RateLimited, RemoteFailure, OSError."""
        vectors = np.zeros((len(prepared), self.info.dim), np.float32)
        sent = [row for row, text in enumerate(prepared.texts) if text.strip()]
        for start in range(0, len(sent), self._options.max_texts):
            rows = sent[start : start + self._options.max_texts]
            found = self._embed([prepared.texts[row] for row in rows])
            if found.shape[1] != self.info.dim:
                raise RemoteFailure(f"vectors of {found.shape[1]} numbers, {self.info.dim} before")
            vectors[rows] = found
        return vectors

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """float32 [n, dim] in the order given."""
        return self.forward(self.prepare(texts))

    def close(self) -> None:
        """End the connection."""
        self._endpoint.close()

    def _embed(self, texts: list[str]) -> npt.NDArray[np.float32]:
        """One call. float32 [n, dim] of norm 1."""
        content: dict[str, Any] = {"input": texts, "model": self._options.model, "encoding_format": "base64"}
        if self._options.dimensions is not None:
            content["dimensions"] = self._options.dimensions
        vectors = vectors_of(self._endpoint.call(json.dumps(content).encode()), len(texts))
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.where(norms > 0, norms, 1), np.float32)


def vectors_of(answer: Any, n: int) -> npt.NDArray[np.float32]:
    """The vectors of an answer in the order of its texts. Raises RemoteFailure where it is not one of n vectors."""
    try:
        entries = sorted(answer["data"], key=lambda entry: entry["index"])
        rows = [_numbers(entry["embedding"]) for entry in entries]
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise RemoteFailure("the answer holds no embeddings") from error
    if [entry["index"] for entry in entries] != list(range(n)) or len({row.size for row in rows}) != 1:
        raise RemoteFailure(f"the answer does not hold {n} vectors of one length")
    vectors = np.stack(rows)
    if not np.isfinite(vectors).all():
        raise RemoteFailure("the answer holds numbers that are not finite")
    return vectors


def _numbers(embedding: Any) -> npt.NDArray[np.float32]:
    """base64 of little-endian float32, or a list, which some servers send whatever they are asked for."""
    if isinstance(embedding, str):
        numbers = np.frombuffer(base64.b64decode(embedding, validate=True), "<f4").astype(np.float32)
    else:
        numbers = np.array(embedding, np.float32)
    if numbers.ndim != 1 or not numbers.size:
        raise ValueError("an embedding is one list of numbers")
    return numbers


class _Endpoint:
    """The connection. clock: None = each wait has the limit, and not the call as a whole."""

    def __init__(self, options: RemoteOptions, clock: Clock | None) -> None:
        parts = urlsplit(options.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._limit_s = options.timeout_ms / 1000
        self._limit_ns = round(options.timeout_ms * NS_PER_MS)
        self._clock = clock
        self._connection = kind(parts.hostname or "", parts.port, timeout=self._limit_s)
        self._path = f"{parts.path}/embeddings"
        self._headers = {"Content-Type": "application/json"} | _key(options.api_key_env)

    def call(self, body: bytes) -> Any:
        """The JSON of the answer. Raises RateLimited, RemoteFailure, OSError; the connection is then opened anew."""
        began_ns = self._clock.now_ns() if self._clock else 0
        self._reopen_where_closed()
        try:
            self._connection.request("POST", self._path, body, self._headers)
            response = self._connection.getresponse()
            content = bytearray()
            with response:  # read1 alone does not notice the end of a body, and the connection would not be free
                while part := response.read1(READ_BYTES):
                    content += part
                    if self._clock and self._clock.now_ns() - began_ns > self._limit_ns:
                        raise RemoteFailure("no whole answer within the limit")
        except (RemoteFailure, OSError, http.client.HTTPException):
            self.close()
            raise
        if response.status == http.HTTPStatus.TOO_MANY_REQUESTS:
            raise RateLimited("status 429")
        if response.status != http.HTTPStatus.OK:
            raise RemoteFailure(f"status {response.status}")
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:  # a few thousand brackets are more than Python reads
            raise RemoteFailure("the answer is not JSON") from error

    def close(self) -> None:
        """End the connection; a call opens it again."""
        self._connection.close()

    def _reopen_where_closed(self) -> None:
        """A connection at rest that has something to say has been ended by the other side."""
        sock = self._connection.sock
        if sock is not None and select.select([sock], [], [], 0)[0]:
            self._connection.close()


def _key(variable: str) -> dict[str, str]:
    """The header with the key, {} where none is named. Raises ModelError for a variable that is not set."""
    if not variable:
        return {}
    key = os.environ.get(variable)
    if not key:
        raise ModelError(f'encoder "remote": {variable} is not set. Next: export it, with the key of the endpoint')
    return {"Authorization": f"Bearer {key}"}
