"""Quality over all eligible users, untimed: every arm and floor ranks the whole catalogue at t0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bench.analysis.quality_table import COLUMNS
from bench.analysis.stats.users import mean_over_users
from bench.clock import MonotonicClock
from bench.errors import ConfigError, NothingMeasured
from bench.measure.arm import build_arm
from bench.measure.floor_lists import FLOOR_LABELS
from bench.scenario import ArmTable, PluginTable, Scenario
from recsys.data import Dataset
from recsys.data.loading import load_dataset
from recsys.errors import MissingDevice, MissingLibrary
from recsys.evaluation import Ranked, Split, evaluate_split, split_users, training_events
from recsys.features.text.noise import Noise, noisy_dataset
from recsys.pipeline import Recommender
from recsys.quality import RANKING_METRICS, hits
from recsys.scorers import floor_scorers
from recsys.types import Request, RequestKind

USERS_PER_BATCH = 64
BOOTSTRAP_SEED = 11


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """What is to be evaluated. n_users: the first so many by user id as text, None = all."""

    scenario: Scenario
    data_dirs: tuple[Path, ...]
    k: int | None = None
    n_users: int | None = None


def evaluate_scenario(request: EvaluationRequest, say: Callable[[str], None]) -> pd.DataFrame:
    """quality.csv of a scenario: recall, nDCG and their kin at k, with 95 % intervals over users.

    Raises ConfigError when there is nobody to evaluate, NothingMeasured when no arm could be built here.
    """
    scenario = _with_k(request)
    dataset = load_dataset(scenario.data.kind, data_dirs=request.data_dirs, **scenario.data.options)
    if scenario.requests.k > len(dataset.items):
        raise ConfigError(
            f"k = {scenario.requests.k}, but the catalogue has {len(dataset.items)} items. Next: lower --k"
        )
    split = _users(scenario, dataset, request.n_users)
    say(f"{len(split)} users, {len(dataset.items)} items, {scenario.name}: floors")
    ranked = _floors(scenario, dataset, split)
    labels = dict(FLOOR_LABELS)
    for arm in scenario.arm:
        say(f"{arm.title}: encoding, ranking")
        try:
            ranked[arm.name] = _rank(scenario, arm, dataset, split)
        except (MissingLibrary, MissingDevice) as error:
            say(f"{arm.title}: skipped: {error}")
            continue
        labels[arm.name] = arm.title
    if set(ranked) == set(FLOOR_LABELS):
        raise NothingMeasured(f"no arm of {scenario.name} can be built here. Next: see `llm-rec-bench list`")
    rows = [
        row
        for name, lists in ranked.items()
        for group, of_group in lists.by_group(split).items()
        for row in _rows({"arm": name, "label": labels[name], "group": group, "k": scenario.requests.k}, of_group)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _with_k(request: EvaluationRequest) -> Scenario:
    if request.k is None:
        return request.scenario
    requests = request.scenario.requests.model_copy(update={"k": request.k})
    return request.scenario.model_copy(update={"requests": requests})


def _users(scenario: Scenario, dataset: Dataset, n_users: int | None) -> Split:
    split = split_users(
        dataset,
        train_share=scenario.data.train_share,
        history=scenario.requests.history,
        exclude_seen=scenario.retrieval.exclude_seen,
    )
    if not len(split):
        raise ConfigError(f"data {dataset.name}: no user has events on both sides of t0. Next: change data.train_share")
    if n_users is None:
        return split
    by_id = sorted(range(len(split)), key=lambda row: dataset.user_ids[split.users[row]])
    return split.take(by_id[:n_users])


def _floors(scenario: Scenario, dataset: Dataset, split: Split) -> dict[str, Ranked]:
    scorers = floor_scorers(training_events(dataset, scenario.data.train_share), len(dataset.items), scenario.seed)
    exclude_seen = scenario.retrieval.exclude_seen
    ranked = evaluate_split(split, scorers, k=scenario.requests.k, exclude_seen=exclude_seen).ranked
    tfidf = ArmTable(name="tfidf_floor", encoder=PluginTable(kind="tfidf"), placement="none")
    return ranked | {"tfidf_floor": _rank(scenario, tfidf, dataset, split)}


def _rank(scenario: Scenario, arm: ArmTable, dataset: Dataset, split: Split) -> Ranked:
    """The arm's own recommender, asked by every user at t0."""
    dataset = noisy_dataset(dataset, Noise(scenario.text_of(arm).planted))
    recommender = build_arm(scenario, arm, dataset, MonotonicClock()).recommender
    t0_s = dataset.split_s(scenario.data.train_share)
    recommender.rewind(t0_s)
    recommended = np.full((len(split), scenario.requests.k), -1, np.int32)
    for first in range(0, len(split), USERS_PER_BATCH):
        _ask(recommender, split.users[first : first + USERS_PER_BATCH].tolist(), t0_s, recommended[first:])
    return Ranked(recommended, hits(recommended, split.relevant), split.n_relevant)


def _ask(recommender: Recommender, users: list[int], now_s: int, recommended: np.ndarray) -> None:
    requests = [Request(row, RequestKind.RECOMMEND, user, now_s) for row, user in enumerate(users)]
    for row, answer in enumerate(recommender.recommend(requests)):
        recommended[row, : len(answer.positions)] = answer.positions


def _rows(identity: dict[str, object], ranked: Ranked) -> list[dict[str, object]]:
    """One row a metric; none for a group without users."""
    if not len(ranked.recommended):
        return []
    identity |= {"is_floor": identity["arm"] in FLOOR_LABELS}
    rows = []
    for metric in RANKING_METRICS:
        interval = mean_over_users(ranked.metric(metric), np.random.default_rng(BOOTSTRAP_SEED))
        rows.append(identity | {"metric": metric, "value": interval.point, "low": interval.low, "high": interval.high})
    return rows
