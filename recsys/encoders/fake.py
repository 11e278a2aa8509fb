"""A stand-in with a known service time: random-looking unit vectors, for tests and for checking the instrument."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from recsys.encoders import ENCODERS
from recsys.encoders.protocol import EncoderInfo
from recsys.encoders.runtime import Runtime
from recsys.errors import BadOptions
from recsys.options import OptionsModel
from recsys.types import TokenIds

REQUIRES = ()

DIGEST_INTEGERS = 4
"""Each text becomes this many ids, int32: its 16-byte digest."""


class FakeOptions(OptionsModel):
    """dim: length of a vector. service_ms: mean wait a text. law: how waits vary. seed: of vectors and waits."""

    dim: int = Field(16, ge=1)
    service_ms: float = Field(0.0, ge=0.0, allow_inf_nan=False)
    law: Literal["fixed", "exponential"] = "fixed"
    seed: int = Field(0, ge=0)


@ENCODERS.register("fake")
class FakeEncoder:
    """Hashes a text to a unit vector, equal texts to equal ones, and waits on the clock for a service time a text."""

    Options: ClassVar[type[OptionsModel]] = FakeOptions
    DEVICES: ClassVar[tuple[str, ...]] = ("cpu",)
    WANTS_CLOCK: ClassVar[bool] = True

    def __init__(self, options: FakeOptions, runtime: Runtime) -> None:
        """Raise BadOptions when it is to wait but has no clock."""
        if options.service_ms > 0 and runtime.clock is None:
            raise BadOptions(
                f'encoder "fake": service_ms = {options.service_ms} needs a clock to wait on. '
                "Next: build_encoder(…, clock=…), or service_ms = 0"
            )
        self.info = EncoderInfo(
            dim=options.dim,
            device="cpu",
            precision="fp32",
            revision=f"fake:seed={options.seed}",
            has_model=True,  # it stands in a model's place
            real_weights=False,
        )
        self._options = options
        self._clock = runtime.clock
        self._waits = np.random.default_rng(options.seed)
        self._frequencies = np.random.default_rng(options.seed).standard_normal((DIGEST_INTEGERS, options.dim))

    def fit(self, texts: Sequence[str]) -> None:
        """Nothing to learn."""

    def prepare(self, texts: Sequence[str]) -> TokenIds:
        """The digest of each text as DIGEST_INTEGERS ids; lone surrogates are hashed as they are."""
        size_bytes = 4 * DIGEST_INTEGERS
        contents = [text.encode("utf-8", "surrogatepass") for text in texts]
        digests = [blake2b(content, digest_size=size_bytes).digest() for content in contents]
        ids = np.frombuffer(b"".join(digests), np.int32)
        return TokenIds(ids, np.arange(len(texts) + 1, dtype=np.int64) * DIGEST_INTEGERS)

    def forward(self, prepared: TokenIds) -> npt.NDArray[np.float32]:
        """float32 [n, dim], after n service times."""
        self._serve(len(prepared))
        return self._vectors(prepared)

    def _vectors(self, prepared: TokenIds) -> npt.NDArray[np.float32]:
        # Digests are large numbers: their phases are spread evenly, and independent from one column to the next.
        vectors = np.sin(prepared.ids.reshape(-1, DIGEST_INTEGERS) @ self._frequencies)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / norms, np.float32)

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """float32 [n, dim] in the order given, at once: the service time is that of a request, not of a catalogue."""
        return self._vectors(self.prepare(texts))

    def close(self) -> None:
        """Nothing to release."""

    def _serve(self, n_texts: int) -> None:
        """Wait for the service time of these texts, drawn a text."""
        if self._clock is None or self._options.service_ms == 0:
            return
        mean_ns = self._options.service_ms * 1e6
        draw = self._options.law == "exponential"
        service_ns = self._waits.exponential(mean_ns, n_texts).sum() if draw else mean_ns * n_texts
        self._clock.wait_until_ns(self._clock.now_ns() + round(service_ns))
