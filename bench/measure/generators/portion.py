"""What one generator records of its part of a block, and the parts put together again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.measure.recorder import NOT_WAITED_FOR, UNKNOWN, Outcome, Recorder
from recsys.serving.protocols import STAGES, Clock

NS_PER_US = 1000
NEVER = 0
"""What a recorder holds where a stamp was not set."""


@dataclass(frozen=True)
class Portion:
    """The records of some requests. places int64 [m]: theirs in the block; times in ns of the generator's clock.

    first_error: None where none failed. counts: what the generator's client counted, by name.
    """

    places: npt.NDArray[np.int64]
    intended_ns: npt.NDArray[np.int64]
    taken_ns: npt.NDArray[np.int64]
    marks_ns: dict[str, npt.NDArray[np.int64]]
    lateness_ns: npt.NDArray[np.int32]
    tokens: npt.NDArray[np.int32]
    outcomes: npt.NDArray[np.int8]
    recommended: npt.NDArray[np.int32]
    errors: dict[str, int]
    first_error: Exception | None
    counts: dict[str, float]


@dataclass(frozen=True, slots=True)
class GeneratorReport:
    """How one generator fared in one block.

    offset_us ± offset_error_us: of its clock, measured before the block. waited_for: requests that it waited for;
    lateness_p50_us, lateness_max_us: of those, None where there are none.
    """

    requests: int
    answered: int
    waited_for_connection: int
    offset_us: float
    offset_error_us: float
    waited_for: int
    lateness_p50_us: float | None
    lateness_max_us: float | None

    @classmethod
    def of(cls, portion: Portion, offset_ns: int, error_ns: int) -> GeneratorReport:
        """From its records."""
        late_ns = portion.lateness_ns[portion.lateness_ns != NOT_WAITED_FOR]
        return cls(
            requests=len(portion.places),
            answered=int((portion.outcomes == Outcome.ANSWERED).sum()),
            waited_for_connection=round(portion.counts.get("waited_for_connection", 0.0)),
            offset_us=round(offset_ns / NS_PER_US, 3),
            offset_error_us=round(error_ns / NS_PER_US, 3),
            waited_for=len(late_ns),
            lateness_p50_us=round(float(np.median(late_ns)) / NS_PER_US, 3) if len(late_ns) else None,
            lateness_max_us=round(float(late_ns.max()) / NS_PER_US, 3) if len(late_ns) else None,
        )


def client_recorder(n: int, k: int, clock: Clock) -> Recorder:
    """Of a client: what a system does not say of its tokens is not known."""
    recorder = Recorder(n, k, clock)
    recorder.tokens_of[:] = UNKNOWN
    recorder.padded_tokens_of[:] = UNKNOWN
    return recorder


def portion_of(recorder: Recorder, places: npt.NDArray[np.int64], counts: dict[str, float]) -> Portion:
    """What this recorder holds, of the requests of these places."""
    return Portion(
        places=places,
        intended_ns=recorder.intended_ns,
        taken_ns=recorder.taken_ns,
        marks_ns=dict(recorder.marks_ns),
        lateness_ns=recorder.lateness_ns,
        tokens=recorder.tokens_of,
        outcomes=recorder.outcomes,
        recommended=recorder.recommended,
        errors=dict(recorder.errors),
        first_error=recorder.first_error,
        counts=counts,
    )


def merge(recorder: Recorder, portions: Sequence[Portion], offsets_ns: Sequence[int]) -> None:
    """Write all portions into the recorder of the whole block, in its clock. offsets_ns: of theirs, theirs − ours.

    Raises ValueError unless each request of the block comes exactly once.
    """
    n = len(recorder.outcomes)
    came = np.sort(np.concatenate([portion.places for portion in portions]))
    if not np.array_equal(came, np.arange(n)):
        different = len(np.unique(came))
        raise ValueError(f"the generators brought {len(came)} records, {different} of them different, of {n} requests")
    for portion, offset_ns in zip(portions, offsets_ns, strict=True):
        places = portion.places
        recorder.intended_ns[places] = portion.intended_ns - offset_ns
        recorder.taken_ns[places] = _ours(portion.taken_ns, offset_ns)
        for stage in STAGES:
            recorder.marks_ns[stage][places] = _ours(portion.marks_ns[stage], offset_ns)
        recorder.lateness_ns[places] = portion.lateness_ns
        recorder.tokens_of[places] = portion.tokens
        recorder.outcomes[places] = portion.outcomes
        recorder.recommended[places] = portion.recommended
        recorder.errors.update(portion.errors)
        recorder.first_error = recorder.first_error or portion.first_error


def _ours(times_ns: npt.NDArray[np.int64], offset_ns: int) -> npt.NDArray[np.int64]:
    return np.where(times_ns == NEVER, NEVER, times_ns - offset_ns)
