"""The click network: trained on nothing but the past, the same from a seed, and served as it was trained."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from small_data import dataset_of, make_dataset
from small_recommender import ask, ingest_of, make_recommender

from recsys.catalogue import Catalogue
from recsys.encoders import build_encoder
from recsys.errors import BadOptions, DataError
from recsys.features.profile import ProfileOptions
from recsys.index import Candidates
from recsys.models.artefacts import CACHE_VARIABLE
from recsys.ranking import Material, network
from recsys.ranking.click_examples import WANTED, draw_examples
from recsys.ranking.click_network import ClickNetwork
from recsys.ranking.network_features import NetworkFeatures
from recsys.ranking.network_training import TrainingOptions, TrainingSet, export, fit, scaling_of, train
from recsys.serving.protocols import NullTracer
from recsys.types import Item, Request, RequestKind
from recsys.vectors import unit_rows

QUICK = TrainingOptions(epochs=3)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))


def material(dataset=None, t0_s=5_000, vectors=None):
    dataset = dataset or make_dataset(n_events=600)
    encoder, catalogue = build_encoder("fake"), Catalogue.of(dataset.items)
    vectors = encoder.encode(catalogue.texts) if vectors is None else vectors
    return Material(dataset, catalogue, vectors, encoder, t0_s, ProfileOptions(history=5), 3)


def training_set(n=200, dim=6, n_items=30, seed=0):
    """A user chooses the most similar of five items; one small feature of three says so too, the others are noise."""
    rng = np.random.default_rng(seed)
    vectors = unit_rows(rng.standard_normal((n_items, dim)))
    users = unit_rows(rng.standard_normal((n, dim)))
    items = np.stack([rng.permutation(n_items)[:5] for _ in range(n)]).astype(np.int32)
    cosines = np.einsum("nd,nid->ni", users, vectors[items])
    best_first = np.argsort(-cosines, axis=1)
    items, cosines = np.take_along_axis(items, best_first, 1), np.take_along_axis(cosines, best_first, 1)
    small = np.stack([cosines, *rng.standard_normal((2, n, 5)) * 7 + 3], axis=-1).astype(np.float32)
    return TrainingSet(users, items, vectors, small)


def inputs(data, examples):
    choice, place = np.divmod(examples, data.per_choice)
    return choice, data.items[choice, place], data.small[choice, place]


def test_what_is_served_equals_the_forward_pass_of_the_module():
    import torch

    data = training_set()
    scaling = scaling_of(data)
    module, _ = fit(data, scaling, QUICK, seed=1)
    served = export(module, scaling)
    choice, items, small = inputs(data, np.arange(len(data) * data.per_choice))
    root = np.sqrt(data.users.shape[1])
    features = [root * data.users[choice], root * data.item_vectors[items], (small - scaling.mean) / scaling.std]
    with torch.inference_mode():
        logits = module(torch.from_numpy(np.concatenate(features, axis=1).astype(np.float32)))
        expected = torch.sigmoid(logits)[:, 0].numpy()
    parts = served.item_part(data.item_vectors)
    assert served.probabilities(data.users[choice], parts[items], small) == pytest.approx(expected, abs=1e-5)
    shapes = [tuple(layer.weight.shape) for layer in module if hasattr(layer, "weight")]
    assert shapes == [(128, 2 * 6 + 3), (64, 128), (1, 64)]
    one = served.probabilities(data.users[7], parts[:20], small[:20])
    assert one == pytest.approx(served.probabilities(np.tile(data.users[7], (20, 1)), parts[:20], small[:20]), abs=1e-6)


def test_a_seed_gives_the_same_network_whatever_was_drawn_before():
    import torch

    data = training_set()
    torch.manual_seed(5)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    one, report = train(data, QUICK, seed=4)
    assert (torch.get_rng_state() == state).all()
    assert torch.get_num_threads() == threads
    torch.manual_seed(6)
    two, again = train(data, QUICK, seed=4)
    assert report == again
    assert all((getattr(one, name) == getattr(two, name)).all() for name in ClickNetwork.__dataclass_fields__)
    assert (train(data, QUICK, seed=5)[0].middle != one.middle).any()


def test_the_split_is_by_time_and_the_test_comes_last():
    fitted, held_out, tested = training_set(n=100).parts()
    assert (len(fitted), len(held_out), len(tested)) == (72 * 5, 8 * 5, 20 * 5)
    assert np.concatenate([fitted, held_out, tested]).tolist() == list(range(500))


def test_it_learns_what_there_is_to_learn_and_says_how_much():
    _, report = train(training_set(n=1_500), TrainingOptions(), seed=0)
    assert report["base_rate"] == pytest.approx(0.2)
    assert report["base_accuracy"] == pytest.approx(0.8)
    assert report["base_log_loss"] == pytest.approx(0.5004, abs=1e-4)
    assert report["accuracy"] > report["base_accuracy"] + 0.04
    assert report["auc"] > 0.9
    assert report["log_loss"] < 0.65 * report["base_log_loss"]
    assert report["epochs"] == len(report["held_out_log_loss"]) == 10
    assert report["held_out_log_loss"][report["kept_epoch"] - 1] == min(report["held_out_log_loss"])


def test_it_is_trained_where_pandas_is_kept_out_as_in_a_worker(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert train(training_set(), QUICK, seed=0)[1]["auc"] > 0.5


def test_where_there_is_nothing_to_learn_it_says_so():
    data = training_set(n=1_000)
    rng = np.random.default_rng(9)
    noise = TrainingSet(
        unit_rows(rng.standard_normal(data.users.shape)),
        rng.integers(0, 30, data.items.shape).astype(np.int32),
        data.item_vectors,
        rng.standard_normal(data.small.shape).astype(np.float32),
    )
    _, report = train(noise, QUICK, seed=0)
    assert report["auc"] == pytest.approx(0.5, abs=0.08)
    assert report["log_loss"] >= report["base_log_loss"] - 0.01


def test_a_saved_network_comes_back_with_its_report(tmp_path):
    trained, report = train(training_set(), QUICK, seed=0)
    trained.save(tmp_path / "network.safetensors", report)
    loaded, told = ClickNetwork.load(tmp_path / "network.safetensors")
    assert told == json.loads(json.dumps(report))
    assert all((getattr(trained, name) == getattr(loaded, name)).all() for name in ClickNetwork.__dataclass_fields__)


def test_an_example_knows_nothing_of_its_own_event_or_of_later_ones():
    known = material()
    examples = draw_examples(known, n_events=1_000, negatives=4)
    events = known.training
    wanted = np.isin(events.kind, list(WANTED))
    assert 0 < len(examples) <= wanted.sum()
    assert events.timestamp_s.max() < known.t0_s
    columns = (examples.rows.tolist(), examples.users.tolist(), examples.items, examples.profiles)
    for row, user, items, profile in zip(*columns, strict=True):
        before = (events.user == user) & (events.timestamp_s < events.timestamp_s[row])
        assert wanted[row]
        assert (events.user[row], events.item[row]) == (user, items[0])
        assert profile.items.tolist() == events.item[before][-5:].tolist()
        assert len(set(items.tolist())) == 5
        assert not set(items[1:].tolist()) & set(events.item[before].tolist())


def test_negatives_are_items_that_the_catalogue_had_by_then():
    dataset = make_dataset(n_events=600)
    items = [replace(item, published_s=10**6 if place >= 20 else 0) for place, item in enumerate(dataset.items)]
    examples = draw_examples(material(replace(dataset, items=items)), n_events=100, negatives=2)
    assert examples.items[:, 1:].max() < 20


def test_features_of_training_count_only_what_came_before():
    known = material()
    features = NetworkFeatures(("text", "category"), known)
    data = features.training_set(known, TrainingOptions(choices=50, negatives=2))
    examples = draw_examples(known, n_events=50, negatives=2)
    events, n_items = known.training, len(known.catalogue)
    window = int(0.1 * len(events))
    for choice, row in enumerate(examples.rows.tolist()):
        for place, item in enumerate(examples.items[choice].tolist()):
            ever = (events.item[:row] == item).sum() / row
            lately = (events.item[max(0, row - window) : row] == item).sum() / min(window, row)
            expected = np.log1p(n_items * np.array([ever, lately]))
            assert data.small[choice, place, 2:] == pytest.approx(expected, abs=1e-5)
    cosines = np.einsum("nd,nid->ni", data.users, data.item_vectors[data.items])
    assert data.small[:, :, 0] == pytest.approx(cosines, abs=1e-5)


def recommender(dataset=None, encoder="fake", placement="offline", as_of_s=5_000, **options):
    ranking = {"kind": "network", "epochs": 2, "choices": 100} | options
    return make_recommender(
        dataset or make_dataset(n_events=600), encoder, placement, as_of_s, arm={"ranking": ranking}, requests={"k": 8}
    )


def test_it_is_trained_once_for_the_same_data_vectors_and_options(monkeypatch):
    first = recommender()
    asked = [ask(user, user, 5_000) for user in range(12)]
    answers = first.recommend(asked)
    monkeypatch.setattr(network, "train", lambda *_: pytest.fail("trained again"))
    again = recommender()
    assert [answer.scores for answer in again.recommend(asked)] == [answer.scores for answer in answers]
    assert again.parts.ranker.describe() == first.parts.ranker.describe()
    with pytest.raises(pytest.fail.Exception, match="trained again"):
        recommender(negatives=3)
    with pytest.raises(pytest.fail.Exception, match="trained again"):
        recommender(replace(make_dataset(n_events=600), sha256="1" * 64))
    with pytest.raises(pytest.fail.Exception, match="trained again"):
        recommender(encoder="tfidf", placement="none")


def test_scores_are_chances_of_the_network_over_frozen_features():
    built = recommender()
    ranker, answer = built.parts.ranker, built.recommend([ask(3, 0, 5_000)])[0]
    assert all(0 < score < 1 for score in answer.scores)
    profile = built.begin([ask(3, 0, 5_000)], NullTracer()).profiles[0]
    user = ranker._features.user(profile)
    small = ranker._features.small(profile, answer.positions, user)
    vectors = built.parts.encoder.encode(built.parts.catalogue.texts)[answer.positions]
    chances = ranker._network.probabilities(user[0], ranker._network.item_part(vectors), small)
    assert answer.scores == pytest.approx(chances, abs=1e-6)


def test_a_query_takes_the_place_of_the_mean_of_the_history():
    built = recommender()
    plain = built.recommend([ask(3, 0, 5_000)])[0]
    words = Request(0, RequestKind.RECOMMEND, 3, 5_000, query="red kettle")
    assert built.recommend([words])[0].scores != plain.scores


def test_an_item_that_comes_in_is_read_anew():
    items = list(make_dataset().items)
    built = recommender(replace(make_dataset(n_events=600), items=items))
    position = np.array([11], np.int32)
    nobody = Candidates(position, np.zeros(1, np.float32))
    profile = built.begin([ask(3, 0, 5_000)], NullTracer()).profiles[0]
    before = built.parts.ranker.rank(profile, nobody, 1).scores
    items[11] = Item("i11", "fresh teapot news")
    built.ingest([ingest_of(11)])
    after = built.parts.ranker.rank(profile, nobody, 1).scores
    vectors = built.parts.encoder.encode(["fresh teapot news"])
    ranker = built.parts.ranker
    small = ranker._features.small(profile, position, ranker._features.user(profile))
    assert after == pytest.approx(
        ranker._network.probabilities(ranker._features.user(profile)[0], ranker._network.item_part(vectors), small)
    )
    assert after != before
    built.rewind(5_000)
    assert built.parts.ranker.rank(profile, nobody, 1).scores.tolist() == before.tolist()


def test_too_few_choices_and_unknown_blocks_are_refused():
    with pytest.raises(DataError, match="3 choices before t0.*at least 20.*similarity"):
        recommender(dataset_of([(time_s, 0, time_s) for time_s in range(4)], n_items=9))
    with pytest.raises(BadOptions, match='unknown block "colour"'):
        recommender(blocks=["text", "colour"])
