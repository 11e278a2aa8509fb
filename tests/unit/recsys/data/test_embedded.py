"""The embedded data set: what a recommender can see of it, and where its floors stand."""

import numpy as np
import pytest
import scipy.sparse

from recsys.data.embedded import item_traits, read_catalogue
from recsys.data.loading import load_dataset
from recsys.encoders import build_encoder
from recsys.evaluation import evaluate, training_events
from recsys.scorers import MeanOfItemsScorer, floor_scorers

TRAIT_WEIGHTS = {"topic": 2.0, "domain": 0.7, "tone": 0.9, "level": 0.7}


def oracle_vectors() -> np.ndarray:
    """Unit vectors of the hidden attributes, one block of ones and zeros an attribute."""
    codes = item_traits(read_catalogue()).codes
    blocks = [weight * np.eye(codes[trait].max() + 1)[codes[trait]] for trait, weight in TRAIT_WEIGHTS.items()]
    joined = np.concatenate(blocks, axis=1)
    return (joined / np.linalg.norm(joined, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def dataset():
    return load_dataset("embedded", data_dirs=[])


def test_recommender_sees_no_hidden_attribute(dataset):
    row = read_catalogue()[0]
    item = dataset.items[0]
    assert (item.item_id, item.title, item.text) == (row.item_id, row.title, row.text)
    assert item.category == f"{row.domain}/{row.category}"
    topics = {row.topic for row in read_catalogue()}
    assert not topics & {item.category.lower().replace(" ", "_") for item in dataset.items}


def test_says_that_it_is_simulated(dataset):
    assert dataset.simulated
    assert "simulated" in dataset.licence


def test_content_helps_but_does_not_suffice(dataset):
    """Random < TF-IDF < attributes, and popularity is a floor to be reckoned with."""
    texts = [f"{item.title}. {item.text}" for item in dataset.items]
    tfidf = build_encoder("tfidf")
    tfidf.fit(texts)
    vectors = tfidf.encode(texts)
    assert isinstance(vectors, scipy.sparse.csr_array)
    scorers = floor_scorers(training_events(dataset, 0.8), len(dataset.items))
    scorers |= {"tfidf": MeanOfItemsScorer(vectors), "attributes": MeanOfItemsScorer(oracle_vectors())}
    ranked = evaluate(dataset, scorers, history=50, k=10).ranked
    recall = {name: result.metric("recall") for name, result in ranked.items()}
    mean = {name: values.mean() for name, values in recall.items()}
    assert mean["random"] == pytest.approx(10 / len(dataset.items), abs=0.01)
    difference = recall["tfidf"] - recall["random"]
    assert difference.mean() > 1.96 * difference.std() / np.sqrt(len(difference))
    assert 0.025 <= mean["tfidf"] <= 0.06
    assert 0.05 <= mean["popularity"] <= 0.12
    assert 0.15 <= mean["attributes"] <= 0.3
    assert mean["attributes"] > 3 * mean["tfidf"]
