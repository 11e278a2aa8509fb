"""The protocol reproduces published values on real data, each to ± 0.001 of recall@20.

Needs amazon-games and online-retail in the folder named by $LLM_REC_BENCH_DATA. The fast tests run what the command
`evaluate` runs, on 2,000 users of the games, and all scorers on the smaller data set; `verify` encodes the games with
MiniLM too, and takes all their users.
"""

import numpy as np
import pytest
from real_data import (
    FIRST_USERS,
    TOLERANCE,
    K,
    assert_reproduced,
    data_folder,
    first_users,
    loaded,
    title_vectors,
    titles_of,
)

from bench.experiments.evaluate import EvaluationRequest, evaluate_scenario
from bench.scenario_file import Overrides, read_scenario
from recsys.encoders import build_encoder
from recsys.evaluation import Scorer, Split, evaluate_split, training_events
from recsys.floors import recent_popularity_scores
from recsys.scorers import BlendScorer, MeanOfItemsScorer, ProfileTextScorer, SameForAllScorer, floor_scorers

USERS = {"amazon": 17_330, "online_retail": 828}

FLOORS = ("popularity", "recent_popularity")
EVALUATED_FIRST_USERS = {"popularity": 0.0109, "recent_popularity": 0.0324, "tfidf": 0.0312, "minilm-offline": 0.0322}
SCORED_FIRST_USERS = {"minilm": 0.0322, "minilm_and_recent": 0.0471}
COLUMNS = ("popularity", "recent_popularity", "tfidf", "minilm", "minilm_and_recent")
ALL_USERS = {
    "amazon": dict(zip(COLUMNS, (0.0112, 0.0360, 0.0283, 0.0316, 0.0437), strict=True)),
    "online_retail": dict(zip(COLUMNS, (0.0501, 0.0919, 0.0822, 0.0577, 0.0839), strict=True)),
}
PROFILE_TEXT = {"amazon": 0.0247, "online_retail": 0.0421}


def scorers_of(kind: str) -> dict[str, Scorer]:
    dataset, _ = loaded(kind)
    training = training_events(dataset, 0.8)
    return floor_scorers(training, len(dataset.items)) | {"tfidf": MeanOfItemsScorer(title_vectors(kind, "tfidf"))}


def minilm_scorers_of(kind: str) -> dict[str, Scorer]:
    dataset, _ = loaded(kind)
    minilm = MeanOfItemsScorer(title_vectors(kind, "transformer"))
    recent = np.log1p(recent_popularity_scores(training_events(dataset, 0.8), len(dataset.items)))
    return {"minilm": minilm, "minilm_and_recent": BlendScorer(minilm, SameForAllScorer(recent), 0.3)}


def recall_of(split: Split, scorers: dict[str, Scorer]) -> dict[str, float]:
    ranked = evaluate_split(split, scorers, k=K).ranked
    return {name: float(result.metric("recall").mean()) for name, result in ranked.items()}


@pytest.mark.parametrize("kind", USERS)
def test_eligible_users(kind):
    assert len(loaded(kind)[1]) == USERS[kind]


@pytest.mark.parametrize("arms", [("tfidf",), pytest.param(("tfidf", "minilm-offline"), marks=pytest.mark.verify)])
def test_evaluating_the_first_users_of_games(arms):
    folder = data_folder("amazon")
    scenario = read_scenario("games", Overrides(arms=arms)).scenario
    quality = evaluate_scenario(EvaluationRequest(scenario, (folder,), k=K, n_users=FIRST_USERS), say=lambda line: None)
    recall = quality[(quality["metric"] == "recall") & (quality["group"] == "all")].set_index("arm")["value"]
    assert_reproduced(recall.to_dict(), {name: EVALUATED_FIRST_USERS[name] for name in (*FLOORS, *arms)})


def test_evaluating_a_model_on_all_users_of_online_retail():
    """The same command with MiniLM in it, where the catalogue is small enough for every run."""
    folder = data_folder("online_retail")
    overrides = Overrides(("data={kind='online_retail'}",), arms=("tfidf", "minilm-offline"))
    scenario = read_scenario("games", overrides).scenario
    quality = evaluate_scenario(EvaluationRequest(scenario, (folder,), k=K), say=lambda line: None)
    recall = quality[(quality["metric"] == "recall") & (quality["group"] == "all")].set_index("arm")["value"]
    pinned = dict(zip((*FLOORS, "tfidf", "minilm-offline"), ALL_USERS["online_retail"].values(), strict=False))
    assert_reproduced(recall.to_dict(), pinned)


@pytest.mark.verify
def test_blend_for_the_first_users_of_games():
    dataset, split = loaded("amazon")
    assert_reproduced(recall_of(first_users(dataset, split), minilm_scorers_of("amazon")), SCORED_FIRST_USERS)


@pytest.mark.parametrize("kind", [pytest.param("amazon", marks=pytest.mark.verify), "online_retail"])
def test_all_users(kind):
    measured = recall_of(loaded(kind)[1], scorers_of(kind) | minilm_scorers_of(kind))
    assert_reproduced(measured, ALL_USERS[kind])
    assert measured["random"] == pytest.approx(K / len(titles_of(kind)), abs=0.003)


@pytest.mark.verify
@pytest.mark.parametrize("kind", USERS)
def test_profile_text(kind):
    vectors = title_vectors(kind, "transformer")
    encoder = build_encoder("transformer", model="minilm", max_tokens=256)
    measured = recall_of(loaded(kind)[1], {"profile_text": ProfileTextScorer(encoder, vectors, titles_of(kind))})
    encoder.close()
    assert measured["profile_text"] == pytest.approx(PROFILE_TEXT[kind], abs=TOLERANCE)
