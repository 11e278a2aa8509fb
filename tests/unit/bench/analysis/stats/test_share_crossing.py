"""A rising fit, where it crosses a target, and whether a share rises at all."""

import numpy as np
import pytest

from bench.analysis.stats.backlog import falls_behind, growth
from bench.analysis.stats.contradiction import contradiction
from bench.analysis.stats.isotonic import Replicates
from bench.analysis.stats.samples import TooFewSamples
from bench.analysis.stats.share_crossing import Shares, share_crossing

TARGET = 0.01


def shares_of(positions, shares, effective_n=500.0, certain=None):
    n = len(positions)
    return Shares(
        np.asarray(positions, float), np.asarray(shares, float), np.full(n, 1000.0), np.full(n, effective_n),
        np.zeros(n, bool) if certain is None else np.asarray(certain),
    )  # fmt: skip


def fit_of(positions, values, weights=None):
    replicates = Replicates.of(positions, np.ones(len(positions)) if weights is None else weights)
    return replicates.fit(replicates.means(values))


def test_a_rising_fit_pools_what_falls_and_weighs_replicates():
    fit = fit_of([3.0, 1.0, 2.0, 2.0], [0.4, 0.1, 0.7, 0.3], [1.0, 1.0, 1.0, 3.0])
    assert fit.fitted == pytest.approx([0.4, 0.1, 0.4, 0.4]), "positions 2 and 3 both have 0.4 on average"
    fit = fit_of([1.0, 2.0, 3.0, 4.0], [0.0, 0.6, 0.2, 0.9])
    assert fit.values == pytest.approx([0.0, 0.4, 0.9])
    assert (fit.lows.tolist(), fit.centres.tolist(), fit.highs.tolist()) == ([1, 2, 4], [1, 2.5, 4], [1, 3, 4])


@pytest.mark.parametrize(("positions", "weights"), [([], []), ([1.0], [0.0]), ([1.0, 2.0], [1.0]), ([np.inf], [1.0])])
def test_a_fit_needs_finite_positions_and_positive_weights(positions, weights):
    with pytest.raises(ValueError, match="positive weight|finite"):
        Replicates.of(positions, weights)


def test_log_odds_are_linear_between_steps():
    odds = np.array([0.005, 0.02])
    expected = np.log(TARGET / odds[0]) / np.log(odds[1] / odds[0])
    assert fit_of([0.0, 1.0], odds).share_crossing(TARGET, 10.0) == pytest.approx(expected, abs=0.03)
    assert fit_of([0.0, 1.0], [0.02, 0.03]).share_crossing(TARGET, 10.0) == -np.inf
    assert fit_of([0.0, 1.0], [0.0, 0.01]).share_crossing(TARGET, 10.0) == np.inf


def test_a_step_that_is_far_away_is_left_at_its_edge():
    """Flat at 0 up to 3 and at 1 from 4 on: the crossing lies between them, however long the flat parts are."""
    assert 3.0 < fit_of(np.arange(9.0), [0.0] * 4 + [1.0] * 5).share_crossing(TARGET, 10.0) < 4.0


def test_a_jump_is_spanned_and_noise_is_not():
    jump = share_crossing(shares_of([0, 1, 2, 3], [0, 0, 1, 1], 1e5), TARGET, np.random.default_rng(1))
    assert (jump.interval.low, jump.interval.high) == (1.0, 2.0)
    assert jump.drawn_high - jump.drawn_low < 0.2
    slope = shares_of([0, 1, 2, 3], [0.003, 0.006, 0.014, 0.03], 1e6)
    sure = share_crossing(slope, TARGET, np.random.default_rng(1)).interval
    assert 1.3 < sure.low <= sure.point <= sure.high < 1.8
    assert sure.width < 0.1


def test_the_interval_covers_the_crossing_and_scatter_beyond_the_counts_widens_it():
    """True share 0.01 exp(3 x): the crossing is 0. Shares of 400 values, and of 400 that come in clumps of 4."""
    positions = np.repeat(np.linspace(-0.4, 0.4, 5), 4)
    widths = {1: [], 4: []}
    for clump in widths:
        held = 0
        for seed in range(100):
            rng = np.random.default_rng([clump, seed])
            n = 400 // clump
            drawn = rng.binomial(n, TARGET * np.exp(3 * positions)) / n
            if not drawn[positions <= 0].mean() <= TARGET < drawn[positions >= 0.3].mean():
                continue  # no crossing to speak of
            found = share_crossing(shares_of(positions, drawn, 400.0), TARGET, rng).interval
            held += found.contains(0.0)
            widths[clump].append(found.width)
        assert held >= 0.9 * len(widths[clump])
    assert np.median(widths[4]) > 1.3 * np.median(widths[1])


def test_what_does_not_cross_is_refused():
    with pytest.raises(ValueError, match="do not cross 0.01"):
        share_crossing(shares_of([0, 1], [0.0, 0.005]), TARGET, np.random.default_rng(1))


def test_a_contradiction_is_told_and_chance_is_not():
    found = contradiction(shares_of([0, 1, 2, 3], [0.0, 0.2, 0.0, 0.5]), TARGET)
    assert (found.over, found.under) == (1.0, 2.0)
    certain = contradiction(shares_of([0, 1, 2], [0.0, 1.0, 0.0], certain=[False, True, False]), TARGET)
    assert (certain.over, certain.under) == (1.0, 2.0)
    assert contradiction(shares_of([0, 1, 2, 3], [0.0, 0.005, 0.02, 0.5]), TARGET) is None, "it rises"
    assert contradiction(shares_of([0, 1, 2, 3], [0.0, 0.012, 0.009, 0.5]), TARGET) is None, "by chance"
    assert contradiction(shares_of([0, 1, 2, 3], [0.3, 0.2, 0.2, 0.3]), TARGET) is None, "over the target everywhere"


def test_a_flat_share_at_the_target_seldom_seems_to_contradict():
    told = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        told += contradiction(shares_of(range(8), rng.binomial(500, TARGET, 8) / 500), TARGET) is not None
    assert told <= 3


def times_ns(n, gap_ns, service_ns):
    intended = np.arange(n, dtype=np.int64) * gap_ns
    return intended, intended + service_ns + np.arange(n) * max(0, service_ns - gap_ns)


def test_who_keeps_up_and_who_falls_behind():
    answered = np.ones(1000, bool)
    assert not falls_behind(*times_ns(1000, 10, 9), answered, 9.0)
    assert falls_behind(*times_ns(1000, 10, 11), answered, 11.0)
    assert not falls_behind(*times_ns(1000, 10, 10), answered, 10.0), "exactly full, nothing waits"
    answered[::30] = False
    assert falls_behind(*times_ns(1000, 10, 9), answered, 9.0), "what is never answered is not kept up with"


def test_growth_is_what_waits_grow_by_from_first_to_last():
    rising = growth(np.linspace(5, 45, 1000), 1000.0)
    assert rising.slope.point == pytest.approx(40, rel=0.01)
    assert rising.p_rising < 1e-6
    assert growth(np.random.default_rng(3).exponential(5.0, 1000), 40.0).p_rising > 0.01
    with pytest.raises(TooFewSamples):
        growth([1.0] * 5, 10.0)
