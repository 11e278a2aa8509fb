"""What an arm's or floor's lists are worth over all eligible users, as rows of quality.csv."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.analysis.stats.users import mean_over_users
from bench.measure.shelf import Shelf
from bench.scenario import Scenario
from recsys import quality
from recsys.data import Dataset
from recsys.data.impressions import Impressions
from recsys.data.visits import Visits
from recsys.evaluation import Ranked, Split
from recsys.impression_ranking import Scores, impression_quality
from recsys.types import Positions

BOOTSTRAP_SEED = 11
Row = dict[str, object]


@dataclass(frozen=True)
class Yardstick:
    """What all lists are held against. next_visit: by user of the split, what was met in the session after t0.

    Its items are those of the relevant ones that the user's first session from t0 on holds.
    """

    split: Split
    shelf: Shelf
    next_visit: tuple[Positions, ...]
    n_items: int

    @classmethod
    def of(cls, scenario: Scenario, dataset: Dataset, split: Split) -> Yardstick:
        """Fit the space of diversity, and look up the sessions."""
        visits, t0_s = Visits(dataset), dataset.split_s(scenario.data.train_share)
        found = [visits.at(user, t0_s) for user in split.users.tolist()]
        goals = tuple(
            np.intersect1d(visit.wanted, relevant) if visit else relevant[:0]
            for visit, relevant in zip(found, split.relevant, strict=True)
        )
        return cls(split, Shelf.of(scenario, dataset), goals, len(dataset.items))

    def rows(self, identity: Row, ranked: Ranked) -> list[Row]:
        """One row a group and metric; a group without users has none.

        Coverage and exposure Gini are of all lists together, so they have no interval.
        """
        rows = [
            row
            for group, of_group in ranked.by_group(self.split).items()
            if len(of_group.recommended)
            for metric in quality.RANKING_METRICS
            for row in _mean_row(identity | {"group": group, "metric": metric}, of_group.metric(metric))
        ]
        lists, everybody = ranked.recommended, identity | {"group": "all"}
        goals = np.array([len(items) for items in self.next_visit], np.int64)
        satisfied = quality.hit_rate(quality.hits(lists, self.next_visit), goals, lists.shape[1])
        rows += _mean_row(everybody | {"metric": "satisfaction_proxy"}, satisfied)
        for metric, values in self.shelf.variety(lists).items():
            rows += _mean_row(everybody | {"metric": metric}, values.astype(np.float64))
        rows.append(everybody | {"metric": "coverage", "value": quality.coverage(lists, self.n_items)})
        rows.append(everybody | {"metric": "exposure_gini", "value": quality.exposure_gini(lists, self.n_items)})
        return rows


def impression_rows(identity: Row, scores: Scores, impressions: Impressions) -> list[Row]:
    """One row a metric of the group "impressions": means over users, each being the mean of their impressions.

    scores: of all that was shown, float32 [shown]. k is empty where the whole list counts.
    """
    _, of_user, n = np.unique(impressions.user, return_inverse=True, return_counts=True)
    rows: list[Row] = []
    for (metric, k), values in impression_quality(scores, impressions).items():
        means = np.bincount(of_user, values) / n
        rows += _mean_row(identity | {"group": "impressions", "metric": metric, "k": k}, means)
    return rows


def _mean_row(row: Row, values: quality.PerUser) -> list[Row]:
    """The row with mean and interval over the users who have a value; [] where nobody has."""
    known = values[~np.isnan(values)]
    if not len(known):
        return []
    interval = mean_over_users(known, np.random.default_rng(BOOTSTRAP_SEED))
    return [row | {"value": interval.point, "low": interval.low, "high": interval.high}]
