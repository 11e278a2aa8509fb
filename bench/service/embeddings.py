"""/v1/embeddings: an arm's encoder in the shape of OpenAI's."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.service.bodies import EmbeddingsBody
from bench.service.limits import ServiceLimits
from bench.service.refusals import bad_request, not_found
from recsys.encoders.batching import forward_all
from recsys.encoders.protocol import Encoder, EncoderInfo

Encoded = tuple[npt.NDArray[np.float32], int]


def check(body: EmbeddingsBody, info: EncoderInfo, models: tuple[str, ...], limits: ServiceLimits) -> None:
    """Raise Refusal: 404 for a model that is not served here, 400 for what this one cannot do."""
    if body.model not in models:
        raise not_found("model_not_found", f"this model is not served here. Known: {', '.join(models)}")
    if info.sparse:
        raise bad_request("this arm's vectors are sparse, and have no form here")
    if not body.texts or len(body.texts) > limits.texts:
        raise bad_request(f"input: {len(body.texts)} texts; between 1 and {limits.texts} are taken")
    if body.dimensions is not None and body.dimensions > info.dim:
        raise bad_request(f"dimensions = {body.dimensions}, but vectors have {info.dim}")


def encoding(texts: list[str]) -> Callable[[Encoder], Encoded]:
    """The work that a worker does: vectors float32 [n, dim], and the tokens computed for them, padding not counted."""

    def work(encoder: Encoder) -> Encoded:
        prepared = encoder.prepare(texts)
        computed = forward_all(encoder, prepared)
        return np.asarray(computed.vectors, np.float32), int(computed.n_tokens.sum())

    return work


def content(body: EmbeddingsBody, encoded: Encoded) -> dict[str, Any]:
    """The answer. dimensions cuts the vectors and scales them to norm 1 again; base64 is little-endian float32."""
    vectors, tokens = encoded
    if body.dimensions is not None:
        vectors = vectors[:, : body.dimensions]
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors = np.asarray(vectors / np.where(norms > 0, norms, 1), np.float32)
    form = _base64 if body.encoding_format == "base64" else np.ndarray.tolist
    data = [
        {"object": "embedding", "index": place, "embedding": form(vector)}  # type: ignore[operator]
        for place, vector in enumerate(vectors)
    ]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": body.model, "usage": usage}


def _base64(vector: npt.NDArray[np.float32]) -> str:
    return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")
