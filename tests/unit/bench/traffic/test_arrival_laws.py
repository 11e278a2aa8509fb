"""Each random process has the law that it is named for, over many seeds; planted faults of other tools are caught."""

import numpy as np
import pytest
from arrival_draws import NS_PER_S, assert_uniform, build, dispersion, dispersion_pvalue, draw, gaps_s
from scipy.stats import expon, gamma, goodness_of_fit, kstest, spearmanr

from bench.traffic.seeds import stream

SEEDS = range(200)
RATE_PER_S = 50.0
RENEWALS = [("poisson", {}, 1.0), ("gamma", {"cv": 0.5}, 0.5), ("gamma", {"cv": 1.0}, 1.0), ("gamma", {"cv": 3.0}, 3.0)]
"""Kind, options, and the CV of the gaps, which are gamma with shape 1/cv², exponential for 1."""


def window_counts(times_ns, window_s, end_ns=None):
    """Arrivals in consecutive windows that lie wholly before the last arrival, or before end_ns."""
    window_ns = round(window_s * NS_PER_S)
    n_windows = int(times_ns[-1] if end_ns is None else end_ns) // window_ns
    return np.bincount(times_ns // window_ns, minlength=n_windows)[:n_windows]


def counts_over_seeds(kind, n, window_s, seeds=SEEDS, **options):
    drawn = (draw(kind, n, RATE_PER_S, seed=seed, **options) for seed in seeds)
    return np.concatenate([window_counts(times_ns, window_s) for times_ns in drawn])


def gap_pvalues(times_of, cv):
    """Kolmogorov's test against the gamma law of this CV, one of each seed.

    Above a CV of 1 a good share of the gaps is shorter than a ns, so every cv²-th arrival is looked at: the sum of cv²
    gaps of shape 1/cv² is exponential.
    """
    step = max(1, round(cv**2))
    law = gamma(step / cv**2, scale=cv**2 / RATE_PER_S)
    return [kstest(gaps_s(times_of(seed)[step - 1 :: step]), law.cdf).pvalue for seed in SEEDS]


@pytest.mark.parametrize(("kind", "options", "cv"), RENEWALS)
def test_gaps_have_their_law(kind, options, cv):
    assert_uniform(gap_pvalues(lambda seed: draw(kind, 900, RATE_PER_S, seed=seed, **options), cv))


@pytest.mark.parametrize(("kind", "options", "cv"), RENEWALS)
def test_gaps_have_their_coefficient_of_variation(kind, options, cv):
    """Four standard errors of a variance, whose excess kurtosis is 6 cv² for gamma."""
    gaps = np.concatenate([gaps_s(draw(kind, 500, RATE_PER_S, seed=seed, **options)) for seed in SEEDS])
    error = np.sqrt((2 + 6 * cv**2) / len(gaps))
    assert gaps.var() / gaps.mean() ** 2 == pytest.approx(cv**2, rel=4 * error)


@pytest.mark.parametrize(("kind", "options", "cv"), RENEWALS)
def test_neighbouring_gaps_are_independent(kind, options, cv):
    gaps = [gaps_s(draw(kind, 500, RATE_PER_S, seed=seed, **options)) for seed in SEEDS]
    assert_uniform([spearmanr(one[:-1], one[1:]).pvalue for one in gaps])


def test_poisson_gaps_pass_anderson_darling_too():
    """It looks at the tails, where Kolmogorov's test is blind."""
    gaps = gaps_s(draw("poisson", 2000, RATE_PER_S))
    known = {"loc": 0.0, "scale": 1 / RATE_PER_S}
    fit = goodness_of_fit(expon, gaps, known_params=known, statistic="ad", n_mc_samples=500, rng=stream(0, "ad"))
    assert fit.pvalue > 0.01


def test_poisson_counts_have_the_dispersion_of_a_poisson_process():
    counts = counts_over_seeds("poisson", 500, 0.4)
    assert counts.mean() == pytest.approx(RATE_PER_S * 0.4, abs=4 * np.sqrt(20 / len(counts)))
    assert dispersion(counts) == pytest.approx(1.0, abs=4 * np.sqrt(2 / len(counts)))
    assert_uniform([dispersion_pvalue(counts_over_seeds("poisson", 2000, 0.4, [seed])) for seed in SEEDS])


@pytest.mark.parametrize("cv", [0.5, 2.0])
def test_gamma_counts_have_the_dispersion_of_a_renewal_process(cv):
    """Var N(t) → cv² λt + (1 − cv⁴)/6 for gamma gaps (Cox, Renewal Theory, 1962, equilibrium process)."""
    window_s = 4.0
    mean = RATE_PER_S * window_s
    counts = counts_over_seeds("gamma", 2500, window_s, cv=cv)
    expected = cv**2 + (1 - cv**4) / 6 / mean
    assert dispersion(counts) == pytest.approx(expected, rel=4 * np.sqrt(2 / len(counts)))


def test_times_are_never_rescaled_to_end_on_time():
    ends_s = np.array([draw("poisson", 400, RATE_PER_S, seed=seed)[-1] for seed in SEEDS]) / NS_PER_S
    assert abs(ends_s.mean() - 8.0) < 4 * 0.4 / np.sqrt(len(ends_s))
    assert 0.3 < ends_s.std(ddof=1) < 0.5, "√400 / 50 = 0.4 s"


def test_gaps_drawn_from_a_poisson_law_would_be_caught():
    """A known fault of load generators: whole ticks from a Poisson law, of CV 0.32 for a mean of ten ticks."""

    def faulty_ns(seed):
        return np.cumsum(stream(seed, "law").poisson(10, 500)) * NS_PER_S / (10 * RATE_PER_S)

    assert max(gap_pvalues(faulty_ns, 1.0)) < 1e-6


def test_workers_that_share_a_seed_would_be_caught():
    """A known fault too: W workers draw the same stream, so arrivals come W at a time and the dispersion is W."""
    workers = 4

    def merged(seeds):
        one = [draw("poisson", 2000, RATE_PER_S / workers, seed=seed) for seed in seeds]
        return window_counts(np.concatenate(one), 1.0, end_ns=min(times_ns[-1] for times_ns in one))

    shared, apart = merged([0] * workers), merged(range(workers))
    assert dispersion(shared) == pytest.approx(workers, rel=4 * np.sqrt(2 / len(shared)))
    assert dispersion_pvalue(shared) < 1e-9
    assert dispersion_pvalue(apart) > 0.01


CALM_PER_S, BURST_PER_S, CALM_S, BURST_S = 20.0, 120.0, 2.0, 0.5
TWO_STATES = {"rates_per_s": [CALM_PER_S, BURST_PER_S], "mean_s": [CALM_S, BURST_S]}


def two_state_dispersion(window_s):
    """Of a 2-state MMPP (Heffes and Lucantoni, 1986): 1 + A (1 − (1 − e^−rt)/rt), r the sum of the switching rates."""
    leave_calm, leave_burst = 1 / CALM_S, 1 / BURST_S
    both = leave_calm + leave_burst
    spread = 2 * (BURST_PER_S - CALM_PER_S) ** 2 * leave_calm * leave_burst
    asymptote = spread / (both**2 * (CALM_PER_S * leave_burst + BURST_PER_S * leave_calm))
    return 1 + asymptote * (1 - (1 - np.exp(-both * window_s)) / (both * window_s))


@pytest.mark.parametrize("window_s", [0.05, 0.5, 20.0])
def test_mmpp_counts_have_the_closed_form_dispersion_from_the_start_on(window_s):
    """Counted from 0, at the natural rate: only a stationary start gives this mean and this variance at any length."""
    natural_per_s = build("mmpp", **TWO_STATES).natural_rate_per_s(())
    assert natural_per_s == 40.0
    n = round(200 + 4 * natural_per_s * window_s)
    drawn = [draw("mmpp", n, natural_per_s, seed=seed, **TWO_STATES) for seed in range(3000)]
    assert min(times_ns[-1] for times_ns in drawn) > window_s * NS_PER_S
    counts = np.array([(times_ns < window_s * NS_PER_S).sum() for times_ns in drawn])
    expected = two_state_dispersion(window_s)
    mean = natural_per_s * window_s
    assert counts.mean() == pytest.approx(mean, abs=4 * np.sqrt(expected * mean / len(counts)))
    assert dispersion(counts) == pytest.approx(expected, rel=0.15)


def test_mmpp_dispersion_tells_it_from_poisson():
    assert two_state_dispersion(1e6) == pytest.approx(33.0, rel=0.01)
    assert dispersion_pvalue(window_counts(draw("mmpp", 3000, 40.0, **TWO_STATES), 1.0)) < 1e-9


def test_mmpp_states_follow_each_other_in_the_order_of_the_list():
    rates_per_s = np.array([1000.0, 100.0, 10.0])
    natural_per_s = rates_per_s.mean()
    options = {"rates_per_s": rates_per_s.tolist(), "mean_s": [10.0] * 3}
    assert build("mmpp", **options).natural_rate_per_s(()) == natural_per_s
    counts = window_counts(draw("mmpp", 200_000, natural_per_s, **options), 0.5)
    states = np.abs(np.log(np.maximum(counts, 1) / 0.5)[:, None] - np.log(rates_per_s)).argmin(axis=1)
    changes = np.flatnonzero(np.diff(states))
    assert len(changes) > 30
    follows = (states[changes] + 1) % 3 == states[changes + 1]
    assert follows.mean() > 0.75, "windows across a change may look like another state"


def test_a_pause_has_no_arrivals():
    times_ns = draw("mmpp", 2000, 50.0, rates_per_s=[100.0, 0.0], mean_s=[5.0, 5.0])
    gaps = gaps_s(times_ns)
    assert gaps.max() > 1.0
    assert np.median(gaps) == pytest.approx(np.log(2) / 100, rel=0.15)
