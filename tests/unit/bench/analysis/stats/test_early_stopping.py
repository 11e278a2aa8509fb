"""MLPerf's early stopping against its published counts, closed forms and the binomial distribution itself."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special, stats

from bench.analysis.stats.early_stopping import estimate_rank, minimum_queries, minimum_under, tight_rank
from bench.analysis.stats.samples import TooFewSamples


@pytest.mark.parametrize(("p", "over", "queries"), [
    (0.9, 0, 44), (0.99, 0, 459), (0.999, 0, 4603),
    (0.9, 1, 64), (0.99, 1, 662), (0.999, 1, 6636),
    (0.5, 0, 7), (0.5, 20, 59), (0.9, 10, 197), (0.95, 2, 165), (0.97, 5, 433),
    (0.99, 20, 3304), (0.99, 100, 12571), (0.999, 50, 69058),
])  # fmt: skip
def test_query_counts_are_mlperfs(p: float, over: int, queries: int) -> None:
    assert minimum_queries(p, over) == queries
    assert minimum_under(over, p) == queries - over


@pytest.mark.parametrize(("p", "none", "one"), [(0.9, 29, 46), (0.99, 299, 473), (0.999, 2995, 4742)])
def test_query_counts_at_another_confidence(p: float, none: int, one: int) -> None:
    assert [minimum_queries(p, over, 0.95) for over in (0, 1)] == [none, one]


@pytest.mark.parametrize("p", [0.5, 0.9, 0.95, 0.99, 0.999])
def test_with_none_over_the_count_has_a_closed_form(p: float) -> None:
    assert minimum_under(0, p) == math.ceil(math.log(0.01) / math.log(p))


@pytest.mark.parametrize("p", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("over", [0, 1, 3, 17])
def test_the_count_is_the_first_at_which_the_binomial_tail_is_under_a_hundredth(p: float, over: int) -> None:
    n = minimum_queries(p, over)

    def tail(queries: int) -> float:
        return math.fsum(math.comb(queries, x) * p ** (queries - x) * (1.0 - p) ** x for x in range(over + 1))

    assert tail(n) < 0.01 <= tail(n - 1)
    assert special.betainc(n - over, over + 1, p) == pytest.approx(tail(n), rel=1e-9)
    assert stats.binom.cdf(over, n, 1.0 - p) == pytest.approx(tail(n), rel=1e-9)


@pytest.mark.parametrize(("n", "rank"), [(662, 662), (837, 837), (838, 837), (1000, 999), (10_000, 9924)])
def test_the_reported_value_is_loadgens(n: int, rank: int) -> None:
    """The t-th slowest: t = 1 up to 837 queries, 77 at 10,000."""
    assert estimate_rank(n, 0.99) == rank


@pytest.mark.parametrize("p", [0.5, 0.9, 0.99])
def test_ranks_follow_from_the_counts(p: float) -> None:
    for over in (1, 2, 9):
        n = minimum_queries(p, over)
        assert estimate_rank(n, p) == n + 1 - over
        assert tight_rank(n, p) == n - over
    assert tight_rank(minimum_queries(p, 0), p) == minimum_queries(p, 0)


@pytest.mark.parametrize("n", [459, 662, 1000, 10_000])
def test_the_tight_rank_is_the_lowest_that_holds(n: int) -> None:
    """x(rank) lies under the p99 with the probability that `rank` values or more of n do."""
    rank = tight_rank(n, 0.99)
    assert stats.binom.sf(rank - 1, n, 0.99) < 0.01 <= stats.binom.sf(rank - 2, n, 0.99)
    if n >= 662:
        assert rank == estimate_rank(n, 0.99) - 1


def test_the_tight_rank_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    rank = tight_rank(1000, 0.99)
    slowest = np.partition(rng.random((4000, 1000)), rank - 1, axis=1)[:, rank - 1]
    assert 0.985 < np.mean(slowest >= 0.99) <= 1.0


@pytest.mark.parametrize(("p", "estimate", "bound"), [(0.9, 64, 44), (0.99, 662, 459), (0.999, 6636, 4603)])
def test_under_the_floor_there_is_no_value(p: float, estimate: int, bound: int) -> None:
    with pytest.raises(TooFewSamples) as refusal:
        estimate_rank(estimate - 1, p)
    assert refusal.value.floor == estimate
    with pytest.raises(TooFewSamples) as refusal:
        tight_rank(bound - 1, p)
    assert refusal.value.floor == bound
    with pytest.raises(TooFewSamples):
        tight_rank(0, p)


def test_a_negative_count_and_a_percentage_are_refused() -> None:
    with pytest.raises(ValueError, match="over must be 0 or more"):
        minimum_queries(0.99, -1)
    with pytest.raises(ValueError, match="p99 is 0.99"):
        estimate_rank(1000, 99.0)
