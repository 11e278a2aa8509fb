"""Quality over all eligible users, untimed: every arm and floor ranks the whole catalogue at t0.

Where the data say what was shown, each also ranks the candidates of every impression since t0, as a group of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bench.analysis.quality_table import COLUMNS
from bench.clock import MonotonicClock
from bench.errors import ConfigError, NothingMeasured
from bench.experiments.evaluation_rows import Yardstick, impression_rows
from bench.measure.arm import BuiltArm, build_arm
from bench.measure.floor_lists import FLOOR_LABELS
from bench.scenario import ArmTable, PluginTable, Scenario
from recsys.data import Dataset
from recsys.data.impressions import Impressions
from recsys.data.loading import load_dataset
from recsys.errors import MissingDevice, MissingLibrary, MissingServer
from recsys.evaluation import Ranked, Split, evaluate_split, split_users, training_events
from recsys.features.text.noise import Noise, noisy_dataset
from recsys.floors import popularity_scores, random_scores, recent_popularity_scores
from recsys.impression_ranking import Scores, judgeable, shown_scores
from recsys.pipeline import Recommender
from recsys.quality import hits
from recsys.scorers import floor_scorers
from recsys.types import Request, RequestKind

USERS_PER_BATCH = 64
TFIDF_FLOOR = ArmTable(name="tfidf_floor", encoder=PluginTable(kind="tfidf"), placement="none")


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """What is to be evaluated. n_users: the first so many by user id as text, None = all."""

    scenario: Scenario
    data_dirs: tuple[Path, ...]
    k: int | None = None
    n_users: int | None = None


@dataclass(frozen=True)
class Task:
    """What every arm and floor is asked: lists for the users, and scores of what impressions showed, if any."""

    scenario: Scenario
    dataset: Dataset
    split: Split
    impressions: Impressions | None


@dataclass(frozen=True)
class Answers:
    """Of one arm or floor. shown: float32 [shown], None where the task has no impressions."""

    ranked: Ranked
    shown: Scores | None


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
    task = Task(scenario, dataset, split, _impressions(scenario, dataset, split if request.n_users else None))
    shown = f", {len(task.impressions):,} impressions" if task.impressions else ""
    say(f"{len(split)} users, {len(dataset.items)} items{shown}, {scenario.name}: floors")
    answers = _floors(task)
    labels = dict(FLOOR_LABELS)
    for arm in scenario.arm:
        say(f"{arm.title}: encoding, ranking")
        try:
            built = _built(task, arm)
        except (MissingLibrary, MissingDevice, MissingServer) as error:
            say(f"{arm.title}: skipped: {error}")
            continue
        if not _means_something(built):
            say(f"{arm.title}: skipped: random weights, so its lists mean nothing")
            continue
        answers[arm.name] = _answers(task, built.recommender)
        labels[arm.name] = arm.title
    if set(answers) == set(FLOOR_LABELS):
        raise NothingMeasured(f"no arm of {scenario.name} can be evaluated here. Next: see `llm-rec-bench list`")
    return _table(task, answers, labels)


def _table(task: Task, answers: dict[str, Answers], labels: dict[str, str]) -> pd.DataFrame:
    yardstick = Yardstick.of(task.scenario, task.dataset, task.split)
    rows = []
    for name, of_one in answers.items():
        identity = {"arm": name, "label": labels[name], "is_floor": name in FLOOR_LABELS}
        rows += yardstick.rows(identity | {"k": task.scenario.requests.k}, of_one.ranked)
        if task.impressions is not None and of_one.shown is not None:
            rows += impression_rows(identity, of_one.shown, task.impressions)
    return pd.DataFrame(rows, columns=COLUMNS).astype({"k": "Int64"})


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


def _impressions(scenario: Scenario, dataset: Dataset, split: Split | None) -> Impressions | None:
    """Those since t0 that can be judged, of the split's users where it is given; None without any."""
    if dataset.impressions is None:
        return None
    shown = judgeable(dataset.impressions, dataset.split_s(scenario.data.train_share))
    if split is not None:
        shown = shown.take(np.flatnonzero(np.isin(shown.user, split.users)))
    return shown if len(shown) else None


def _floors(task: Task) -> dict[str, Answers]:
    training = training_events(task.dataset, task.scenario.data.train_share)
    scorers = floor_scorers(training, len(task.dataset.items), task.scenario.seed)
    exclude_seen = task.scenario.retrieval.exclude_seen
    ranked = evaluate_split(task.split, scorers, k=task.scenario.requests.k, exclude_seen=exclude_seen).ranked
    shown: dict[str, Scores] = {}
    if task.impressions is not None:
        items, n_items = task.impressions.items, len(task.dataset.items)
        shown = {
            "random": random_scores(len(items), task.scenario.seed, 0),
            "popularity": popularity_scores(training, n_items)[items],
            "recent_popularity": recent_popularity_scores(training, n_items)[items],
        }
    answers = {floor: Answers(lists, shown.get(floor)) for floor, lists in ranked.items()}
    return answers | {TFIDF_FLOOR.name: _answers(task, _built(task, TFIDF_FLOOR).recommender)}


def _built(task: Task, arm: ArmTable) -> BuiltArm:
    dataset = noisy_dataset(task.dataset, Noise(task.scenario.text_of(arm).planted))
    return build_arm(task.scenario, arm, dataset, MonotonicClock())


def _means_something(built: BuiltArm) -> bool:
    """Whether all weights are real; lists of random ones would be judged for nothing."""
    reranker = built.recommender.parts.reranker
    return built.encoded.encoder.info.real_weights and (reranker is None or reranker.info.real_weights)


def _answers(task: Task, recommender: Recommender) -> Answers:
    """The arm's own recommender, asked by every user at t0, and about every impression at its time."""
    t0_s, split = task.dataset.split_s(task.scenario.data.train_share), task.split
    recommender.rewind(t0_s)
    recommended = np.full((len(split), task.scenario.requests.k), -1, np.int32)
    for first in range(0, len(split), USERS_PER_BATCH):
        _ask(recommender, split.users[first : first + USERS_PER_BATCH].tolist(), t0_s, recommended[first:])
    ranked = Ranked(recommended, hits(recommended, split.relevant), split.n_relevant)
    return Answers(ranked, None if task.impressions is None else shown_scores(recommender, task.impressions))


def _ask(recommender: Recommender, users: list[int], now_s: int, recommended: np.ndarray) -> None:
    requests = [Request(row, RequestKind.RECOMMEND, user, now_s) for row, user in enumerate(users)]
    for row, answer in enumerate(recommender.recommend(requests)):
        recommended[row, : len(answer.positions)] = answer.positions
