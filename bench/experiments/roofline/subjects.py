"""What a roofline is of: the encoders of a scenario that have a language model, and texts of its catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.scenario import ArmTable, Scenario
from recsys.catalogue import Catalogue
from recsys.data.loading import load_dataset
from recsys.encoders import ENCODERS
from recsys.encoders.pretrained import PretrainedEncoder, PretrainedOptions
from recsys.features.text import build_cleaner


def encoders_of(scenario: Scenario) -> list[ArmTable]:
    """The arms whose encoder runs a pretrained model, the first of those that do it alike; none that lack a library."""
    chosen: dict[str, ArmTable] = {}
    for arm in scenario.arm:
        if (
            not arm.is_foreign
            and not ENCODERS.entry(arm.encoder.kind).missing
            and _is_pretrained(ENCODERS.get(arm.encoder.kind))
        ):
            chosen.setdefault(f"{arm.encoder.model_dump_json()} {arm.device} {arm.threads}", arm)
    return list(chosen.values())


def _is_pretrained(encoder_class: type[Any]) -> bool:
    """Whether it is one itself, or hands its texts to one."""
    return issubclass(encoder_class, PretrainedEncoder) or issubclass(encoder_class.Options, PretrainedOptions)


def catalogue_texts(scenario: Scenario, data_dirs: Sequence[Path], n: int) -> list[str]:
    """So many cleaned texts of the catalogue, drawn from the scenario's seed, or all that it has."""
    data = scenario.data
    dataset = load_dataset(data.kind, data_dirs=data_dirs, **data.options)
    cleaner = build_cleaner(scenario.text.steps)
    cleaner.fit([])
    texts = Catalogue.of(dataset.items, cleaner).texts
    drawn = np.random.default_rng(scenario.seed).permutation(len(texts))[:n]
    return [texts[place] for place in drawn.tolist()]
