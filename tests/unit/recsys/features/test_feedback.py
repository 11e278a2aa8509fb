"""Learning of block weights, on users whose true weights are known."""

import numpy as np
import pytest

from recsys.features.feedback import WeightLearner, learned, log_loss, prequential

TRUE = np.array([5.0, 1.5, 0.4], np.float32)
START = np.ones(3, np.float32)
N_SHOWN = 8


def choices(weights, n_events, seed):
    """Lists of random similarities, from which a user chooses with the chances of softmax(weights · similarity)."""
    rng = np.random.default_rng(seed)
    for _ in range(n_events):
        shown = rng.uniform(-1, 1, (N_SHOWN, len(weights))).astype(np.float32)
        chances = np.exp(shown @ weights)
        chosen = rng.choice(N_SHOWN, p=chances / chances.sum())
        yield shown[chosen], np.delete(shown, chosen, axis=0)


def distance(weights, target=TRUE):
    return float(np.abs(np.log(weights / target)).max())


def test_weights_move_toward_the_true_ones():
    path = [START]
    for chosen, shown in choices(TRUE, 6_000, seed=1):
        path.append(learned(path[-1], chosen, shown, 0.05))
    assert distance(path[1_000]) < 0.6 * distance(START)
    settled = np.mean(path[3_000:], axis=0)
    assert settled == pytest.approx(TRUE, abs=0.2), "and stay about them, for the model is the true one"


def test_learning_predicts_better_than_the_given_weights_and_as_well_as_the_true_ones_in_the_end():
    events = list(choices(TRUE, 4_000, seed=2))
    learning, fixed, true = (
        prequential(weights, events, rate) for weights, rate in ((START, 0.05), (START, 0.0), (TRUE, 0.0))
    )
    assert len(learning.losses) == len(events)
    assert learning.losses[0] == fixed.losses[0], "the first is judged before anything is learned"
    assert learning.losses.mean() < fixed.losses.mean() - 0.05
    assert learning.losses[2_000:].mean() == pytest.approx(true.losses[2_000:].mean(), abs=0.01)
    assert fixed.weights.tolist() == START.tolist()


def test_at_the_true_weights_nothing_is_expected_to_change():
    steps = [np.log(learned(TRUE, chosen, shown, 1e-2) / TRUE) for chosen, shown in choices(TRUE, 4_000, seed=3)]
    standard_error = np.std(steps, axis=0) / np.sqrt(len(steps))
    assert (np.abs(np.mean(steps, axis=0)) < 4 * standard_error).all()


def test_known_answers():
    nothing_known = np.zeros(2, np.float32)
    chosen, shown = np.array([1, 0], np.float32), np.array([[0, 1], [0, 0]], np.float32)
    assert log_loss(nothing_known, chosen, shown) == pytest.approx(np.log(2))
    weights = learned(np.ones(2, np.float32), chosen, shown, 0.1)
    doubts = np.array([1 / 2, 1 / (1 + np.e)])  # margins 0 and 1
    step = 0.1 * (doubts @ np.array([[1, -1], [1, 0]])) / 2
    assert weights == pytest.approx(np.exp(step))


def test_no_event_throws_the_weights_off():
    chosen, shown = np.full(3, 50, np.float32), np.full((1, 3), -50, np.float32)
    weights = learned(START, -chosen, -shown, 100.0)
    assert (weights > 0).all() and np.isfinite(weights).all()
    assert weights.min() >= np.exp(-1.0) - 1e-6


def test_users_learn_apart_or_together():
    chosen, shown = np.array([1, 0, 0], np.float32), np.zeros((1, 3), np.float32)
    apart = WeightLearner(START, {}, rate=0.5, shared=False)
    apart.learn(4, chosen, shown)
    assert apart.of(4)[0] > 1
    assert apart.of(5).tolist() == apart.of(-1).tolist() == START.tolist()
    together = WeightLearner(START, {7: TRUE}, rate=0.5, shared=True)
    together.learn(4, chosen, shown)
    assert together.of(5)[0] > 1
    assert together.of(7).tolist() == TRUE.tolist(), "a user with own weights is told apart"


def test_a_rewind_forgets_what_was_not_kept():
    chosen, shown = np.array([1, 0, 0], np.float32), np.zeros((1, 3), np.float32)
    learner = WeightLearner(START, {}, rate=0.5, shared=False)
    learner.learn(1, chosen, shown)
    learner.keep()
    kept = learner.of(1).tolist()
    learner.learn(1, chosen, shown)
    learner.learn(2, chosen, shown)
    learner.rewind()
    assert learner.of(1).tolist() == kept
    assert learner.of(2).tolist() == START.tolist()
