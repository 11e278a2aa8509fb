"""Several forms of one model, measured beside each other: how fast each is here, and how near the exact one."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from recsys.models.artefacts import ArtefactCache, Recipe
from recsys.quality import fidelity

Favour = Literal["one", "many", "both"]

ROUNDS = 5
ALONE = 40
"""Texts that a round times one at a time."""
WARM_UPS = 8
NEIGHBOURS = 10
_SEED = 1
_NS_PER_MS, _NS_PER_S = 1e6, 1e9


class Ticking(Protocol):
    """The part of a clock that is needed here."""

    def now_ns(self) -> int:
        """Nanoseconds of an arbitrary but steady origin."""


class Form(Protocol):
    """The part of an encoder that is needed here."""

    def encode(self, texts: Sequence[str]) -> object:
        """Unit vectors, float32 [n, dim]."""

    def close(self) -> None:
        """Release what it holds."""


@dataclass(frozen=True, slots=True)
class Speed:
    """one_ms: of a text alone, tokenising included. many_per_s: texts a second, all in one call. Medians of rounds.

    fidelity_at_10: share of each text's ten nearest that are the exact model's ten nearest, ties counted.
    """

    one_ms: float
    many_per_s: float
    fidelity_at_10: float


def measured_forms(
    recipe: Recipe,
    builders: Mapping[str, Callable[[], Form]],
    exact: Callable[[], Form],
    texts: Sequence[str],
    clock: Ticking | None,
) -> dict[str, Speed] | None:
    """What is kept under the recipe, or is measured now and kept; None where that takes a clock and there is none.

    exact: builds the model that fidelity compares with.
    """
    cache = ArtefactCache()
    if clock is None and not (cache.folder / recipe.key).exists():
        return None
    path = cache.get(recipe, lambda target: _write(target, _measure(builders, exact, texts, clock)))
    return {name: Speed(**speed) for name, speed in json.loads(path.read_text(encoding="utf-8")).items()}


def best_form(speeds: Mapping[str, Speed], favour: Favour, least_fidelity: float) -> str:
    """The fastest form of those with this fidelity or more; the most faithful one where none has it.

    favour: a text alone, many at once, or the geometric mean of both times. Equally fast ones stand by name.
    """
    allowed = {name: speed for name, speed in speeds.items() if speed.fidelity_at_10 >= least_fidelity}
    if not allowed:
        return max(sorted(speeds), key=lambda name: speeds[name].fidelity_at_10)
    costs: dict[Favour, Callable[[Speed], float]] = {
        "one": lambda speed: speed.one_ms,
        "many": lambda speed: 1 / speed.many_per_s,
        "both": lambda speed: math.sqrt(speed.one_ms / speed.many_per_s),
    }
    return min(sorted(allowed), key=lambda name: costs[favour](allowed[name]))


def _measure(
    builders: Mapping[str, Callable[[], Form]], exact: Callable[[], Form], texts: Sequence[str], clock: Ticking | None
) -> dict[str, Speed]:
    """All forms by turns, in an order shuffled each round. Each is alone while it runs: idle threads of others spin."""
    assert clock is not None, "the caller looked"
    truth = _closed_after(exact(), texts)
    ones: dict[str, list[float]] = {name: [] for name in builders}
    rates: dict[str, list[float]] = {name: [] for name in builders}
    found: dict[str, npt.NDArray[np.float32]] = {}
    order = np.random.default_rng(_SEED)
    for _ in range(ROUNDS):
        for name in order.permutation(sorted(builders)).tolist():
            form = builders[name]()
            form.encode(texts[:WARM_UPS])
            ones[name].append(statistics.median(_times_ns(form, texts[:ALONE], clock)) / _NS_PER_MS)
            start_ns = clock.now_ns()
            found[name] = np.asarray(form.encode(texts))
            rates[name].append(len(texts) * _NS_PER_S / max(clock.now_ns() - start_ns, 1))
            form.close()
    return {
        name: Speed(statistics.median(ones[name]), statistics.median(rates[name]), _fidelity(found[name], truth))
        for name in builders
    }


def _times_ns(form: Form, texts: Sequence[str], clock: Ticking) -> list[int]:
    """How long each text takes alone."""
    times = []
    for text in texts:
        start_ns = clock.now_ns()
        form.encode([text])
        times.append(clock.now_ns() - start_ns)
    return times


def _closed_after(form: Form, texts: Sequence[str]) -> npt.NDArray[np.float32]:
    vectors = np.asarray(form.encode(texts), np.float32)
    form.close()
    return vectors


def _fidelity(vectors: npt.NDArray[np.float32], truth: npt.NDArray[np.float32]) -> float:
    """Fidelity@10 of each text's nearest, itself left out."""
    scores, exact = vectors @ vectors.T, truth @ truth.T
    np.fill_diagonal(scores, -np.inf)
    np.fill_diagonal(exact, -np.inf)
    nearest = np.argsort(-scores, axis=1, kind="stable")[:, :NEIGHBOURS].astype(np.int32)
    return float(np.nanmean(fidelity(nearest, exact, NEIGHBOURS, tolerance=1e-6)))


def _write(path: Path, speeds: Mapping[str, Speed]) -> None:
    path.write_text(json.dumps({name: asdict(speed) for name, speed in speeds.items()}, indent=1), encoding="utf-8")
