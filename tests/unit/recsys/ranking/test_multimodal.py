"""The shipped scenario `multimodal`: a recommendation that the picture block changes."""

import numpy as np
import pytest

from bench.clock import VirtualClock
from bench.measure.arm import build_arm
from bench.scenario_file import read_scenario
from recsys.data.loading import load_dataset
from recsys.types import Request, RequestKind

USER = "user-0042"


@pytest.fixture(scope="module")
def asked():
    """By arm, what the user is recommended at t0 and the ranker that did it, and the data."""
    scenario = read_scenario("multimodal").scenario
    dataset = load_dataset(scenario.data.kind, data_dirs=[], **scenario.data.options)
    t0_s = dataset.split_s(scenario.data.train_share)
    request = Request(0, RequestKind.RECOMMEND, dataset.user_ids.index(USER), t0_s)
    found = {}
    for arm in scenario.arm:
        if arm.encoder.kind == "tfidf":
            recommender = build_arm(scenario, arm, dataset, VirtualClock()).recommender
            recommender.rewind(t0_s)
            found[arm.name] = recommender.recommend([request])[0], recommender
    return found, dataset, request


def test_with_pictures_the_list_is_another(asked):
    found, dataset, _ = asked
    without, with_pictures = found["tfidf"][0], found["tfidf-image"][0]
    assert without.item_ids[0] != with_pictures.item_ids[0]
    new = set(with_pictures.positions.tolist()) - set(without.positions.tolist())
    assert len(new) >= 3
    assert (np.linalg.norm(dataset.arrays["image"][sorted(new)], axis=1) > 0).all(), "what came in has a picture"


def test_what_moved_up_looks_like_what_the_user_met(asked):
    found, dataset, request = asked
    without, recommender = found["tfidf"][0], found["tfidf-image"][1]
    profile = recommender.parts.profiles.profile(recommender.parts.profiles.history(request.user), request.timestamp_s)
    images = dataset.arrays["image"]
    taste = profile.weights @ images[profile.items]
    with_pictures = found["tfidf-image"][0]
    assert (images[with_pictures.positions] @ taste).mean() > (images[without.positions] @ taste).mean() + 0.1


def test_its_comments_say_what_the_importances_weigh(asked):
    ranker = asked[0]["tfidf-image"][1].parts.ranker
    weights = dict(zip(ranker.names, ranker.weights(-1).tolist(), strict=True))
    assert weights == {name: pytest.approx(value, abs=5e-3) for name, value in
                       {"text": 1.0, "category": 0.05, "image": 0.37}.items()}  # fmt: skip
