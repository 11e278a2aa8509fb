"""The real data sets that published values are reproduced on, where they are at hand."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import pytest

from recsys.data import Dataset
from recsys.data.loading import DATA_DIR_VARIABLE, load_dataset
from recsys.encoders import build_encoder
from recsys.evaluation import Split, split_users
from recsys.types import Vectors

REQUIRED_VARIABLE = "LLM_REC_BENCH_DATA_REQUIRED"
"""Set where the data must be at hand, so that a missing folder is a failure and not a skip."""
FOLDERS = {"amazon": "amazon-games", "online_retail": "online-retail"}
K = 20
TOLERANCE = 0.001
FIRST_USERS = 2_000


def data_folder(kind: str) -> Path:
    """The folder that holds this data set; skips where it is not at hand."""
    folder = os.environ.get(DATA_DIR_VARIABLE)
    if folder is None or not (Path(folder) / FOLDERS[kind]).is_dir():
        reason = f"{FOLDERS[kind]} not found: set {DATA_DIR_VARIABLE} to the folder that holds it"
        if os.environ.get(REQUIRED_VARIABLE):
            pytest.fail(f"{reason}; {REQUIRED_VARIABLE} forbids to skip")
        pytest.skip(reason)
    return Path(folder)


@functools.cache
def loaded(kind: str) -> tuple[Dataset, Split]:
    """The data set and its eligible users."""
    dataset = load_dataset(kind, data_dirs=[data_folder(kind)])
    return dataset, split_users(dataset, train_share=0.8, history=10)


@functools.cache
def title_vectors(kind: str, encoder_kind: str) -> Vectors:
    """Vectors of all titles, from an encoder fitted on all of them."""
    titles = titles_of(kind)
    options = {"model": "minilm", "max_tokens": 256} if encoder_kind == "transformer" else {}
    encoder = build_encoder(encoder_kind, **options)
    encoder.fit(titles)
    vectors = encoder.encode(titles)
    encoder.close()
    return vectors


def titles_of(kind: str) -> list[str]:
    """All titles, by position."""
    return [item.title for item in loaded(kind)[0].items]


def first_users(dataset: Dataset, split: Split) -> Split:
    """The first users by user id as text."""
    by_id = sorted(range(len(split)), key=lambda row: dataset.user_ids[split.users[row]])
    return split.take(by_id[:FIRST_USERS])


def assert_reproduced(measured: dict[str, float], pinned: dict[str, float]) -> None:
    """Every pinned value is met."""
    assert {name: measured[name] for name in pinned} == pytest.approx(pinned, abs=TOLERANCE)
