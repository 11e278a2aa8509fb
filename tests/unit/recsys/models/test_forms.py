"""Forms are measured by turns, alone, once; the choice follows from what was kept."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.models.artefacts import CACHE_VARIABLE, Recipe
from recsys.models.forms import ALONE, ROUNDS, WARM_UPS, Speed, best_form, measured_forms

NS_PER_MS = 1_000_000
TEXTS = [f"text {number}" for number in range(50)]
RECIPE = Recipe("planted", "speeds.json", {"case": 1})


class PlantedClock:
    """Stands still but for what a form spends."""

    def __init__(self):
        self.ns = 0

    def now_ns(self):
        return self.ns


class PlantedForm:
    """Spends a known time, and turns its vectors away from the exact ones by a known amount."""

    open = 0

    def __init__(self, clock, alone_ms, many_ms, noise):
        self.clock, self.alone_ms, self.many_ms, self.noise = clock, alone_ms, many_ms, noise
        PlantedForm.open += 1
        assert PlantedForm.open == 1, "each is alone while it runs"

    def encode(self, texts):
        self.clock.ns += round((self.alone_ms if len(texts) == 1 else self.many_ms * len(texts)) * NS_PER_MS)
        rng = np.random.default_rng(0)
        rows = rng.standard_normal((len(texts), 16)) + self.noise * rng.standard_normal((len(texts), 16))
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    def close(self):
        PlantedForm.open -= 1


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """Clock and builders; `built` says which forms were built, in order."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    clock, built = PlantedClock(), []

    def builder(name, *costs):
        return lambda: (built.append(name), PlantedForm(clock, *costs))[1]

    return clock, built, {"quick": builder("quick", 1, 3, 0.5), "broad": builder("broad", 4, 1, 0.0)}


def test_each_form_is_measured_alone_by_turns_and_the_result_is_kept(planted):
    clock, built, builders = planted
    speeds = measured_forms(RECIPE, builders, builders["broad"], TEXTS, clock)
    assert speeds["quick"].one_ms == pytest.approx(1)
    assert speeds["broad"].one_ms == pytest.approx(4)
    assert speeds["quick"].many_per_s == pytest.approx(1000 / 3)
    assert speeds["broad"].many_per_s == pytest.approx(1000)
    assert speeds["broad"].fidelity_at_10 == 1
    assert 0.3 < speeds["quick"].fidelity_at_10 < 0.95
    rounds = [built[1 + place : 3 + place] for place in range(0, 2 * ROUNDS, 2)]
    assert all(sorted(names) == ["broad", "quick"] for names in rounds)
    assert len({tuple(names) for names in rounds}) == 2, "the order is shuffled"
    assert len(TEXTS) > ALONE > WARM_UPS
    built.clear()
    assert measured_forms(RECIPE, builders, builders["broad"], TEXTS, None) == speeds, "kept: no clock is needed"
    assert not built


def test_without_a_clock_nothing_is_measured(planted):
    _, built, builders = planted
    assert measured_forms(RECIPE, builders, builders["broad"], TEXTS, None) is None
    assert not built


SPEEDS = {
    "quick": Speed(one_ms=1, many_per_s=1000, fidelity_at_10=0.88),
    "broad": Speed(one_ms=3, many_per_s=1500, fidelity_at_10=0.95),
    "twin": Speed(one_ms=3, many_per_s=1500, fidelity_at_10=0.95),
}


@pytest.mark.parametrize(
    ("favour", "least_fidelity", "best"),
    [
        ("one", 0.0, "quick"),
        ("many", 0.0, "broad"),
        ("both", 0.0, "quick"),
        ("one", 0.9, "broad"),
        ("one", 0.99, "broad"),
    ],
)
def test_the_fastest_of_those_faithful_enough_else_the_most_faithful(favour, least_fidelity, best):
    assert best_form(SPEEDS, favour, least_fidelity) == best
