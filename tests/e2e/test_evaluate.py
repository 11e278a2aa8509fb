"""The command `evaluate`, from a scenario to quality.csv."""

import contextlib
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mini_scenario import REQUESTS, TFIDF, scenario_text, write_scenario

from bench.cli import main
from bench.measure.floor_lists import FLOOR_LABELS
from bench.report.evaluation_tables import OF_LISTS
from recsys.data.loading import load_dataset
from recsys.quality import RANKING_METRICS

RANDOM_ARM = """\
[[arm]]
name = "untrained"
encoder = { kind = "transformer", model = "bert-tiny-uncased", weights = "random" }
placement = "offline"
"""
NEWS = 40


def evaluated(tmp_path, scenario, *options):
    """The printed text and the table of quality.csv."""
    path = write_scenario(tmp_path, scenario)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        assert main(["evaluate", path, "--out", str(tmp_path / "results"), *options]) == 0, printed.getvalue()
    (table,) = (tmp_path / "results").glob("*_evaluation/quality.csv")
    return printed.getvalue(), pd.read_csv(table)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    return evaluated(tmp_path_factory.mktemp("embedded"), scenario_text(arms=TFIDF + RANDOM_ARM))


def test_every_metric_stands_for_arm_and_floors(embedded):
    table = embedded[1].set_index(["arm", "group"])
    assert set(table.index.get_level_values("arm")) == {"tfidf", *FLOOR_LABELS}
    for name in ("tfidf", *FLOOR_LABELS):
        of_all = table.loc[(name, "all")]
        assert set(of_all["metric"]) == {*RANKING_METRICS, *OF_LISTS}
        assert (of_all["k"] == 10).all()
        alone = of_all["metric"].isin(["coverage", "exposure_gini"])
        assert of_all["low"].isna().tolist() == alone.tolist(), "what all lists share has no interval over users"
    assert not (table.index.get_level_values("group") == "impressions").any(), "the data do not say what was shown"


def test_popularity_shows_few_items_and_random_many(embedded):
    value = embedded[1][embedded[1]["group"] == "all"].set_index(["arm", "metric"])["value"]
    assert value["popularity", "exposure_gini"] > 0.9 > value["random", "exposure_gini"]
    assert value["popularity", "coverage"] < value["random", "coverage"]
    assert value["popularity", "novelty"] < value["random", "novelty"]
    assert 0 <= value["tfidf", "satisfaction_proxy"] <= value["tfidf", "hit_rate"]


def test_an_arm_of_random_weights_is_skipped_by_name(embedded):
    assert "untrained: skipped: random weights" in " ".join(embedded[0].split())
    assert "untrained" not in set(embedded[1]["arm"])


def test_without_an_arm_nothing_is_measured(tmp_path):
    path = write_scenario(tmp_path, scenario_text(arms=RANDOM_ARM))
    assert main(["evaluate", path, "--out", str(tmp_path)]) == 4


def write_mind(folder: Path) -> None:
    """A news log in which users click what has the words of their history, and three other news are shown with it."""
    words = ["golf", "storm", "vote", "market"]
    news = [
        f"N{place}\tnews\t{words[place % 4]}\tThe {words[place % 4]} of day number{place}\t\t\t[]\t[]"
        for place in range(NEWS)
    ]
    rng = np.random.default_rng(5)
    lines = []
    for number in range(200):
        taste = number % 20 % 4
        mine = rng.choice(np.arange(taste, NEWS, 4), 3, replace=False)
        others = rng.choice([place for place in range(NEWS) if place % 4 != taste], 3, replace=False)
        shown = rng.permutation([f"N{mine[2]}-1", *[f"N{place}-0" for place in others]])
        moment = f"11/{11 + number // 100}/2019 {1 + number % 100 // 10}:{number % 10:02}:00 PM"
        lines.append(f"{number}\tU{number % 20}\t{moment}\tN{mine[0]} N{mine[1]}\t{' '.join(shown)}")
    (folder / "MINDsmall_train").mkdir(parents=True)
    (folder / "MINDsmall_train" / "news.tsv").write_text("\n".join(news))
    (folder / "MINDsmall_train" / "behaviors.tsv").write_text("\n".join(lines))


@pytest.fixture(scope="module")
def mind(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mind")
    write_mind(folder)
    scenario = scenario_text(data='[data]\nkind = "mind"\n', requests=REQUESTS.replace("k = 10", "k = 3"), arms=TFIDF)
    return folder, *evaluated(folder, scenario, "--data-dir", str(folder))


def test_logged_candidates_are_ranked_by_arm_and_floors(mind):
    folder, printed, table = mind
    shown = table[table["group"] == "impressions"]
    assert set(shown["arm"]) == {"tfidf", *FLOOR_LABELS}
    of_tfidf = shown[shown["arm"] == "tfidf"]
    assert of_tfidf["metric"].tolist() == ["auc", "mrr", "ndcg", "ndcg"]
    assert of_tfidf["k"].tolist() == pytest.approx([np.nan, np.nan, 5, 10], nan_ok=True)
    auc = shown[shown["metric"] == "auc"].set_index("arm")["value"]
    assert auc["tfidf"] > 0.95, "what was clicked has the user's words"
    assert 0.2 < auc["random"] < 0.8
    assert (shown["low"] <= shown["value"]).all()
    assert (shown["value"] <= shown["high"]).all()
    assert "Logged candidates, ranked" in printed
    assert len(load_dataset("mind", data_dirs=[folder]).impressions) == 200


def test_of_a_few_users_only_their_impressions_count(mind, tmp_path):
    folder, _, whole = mind
    scenario = scenario_text(data='[data]\nkind = "mind"\n', requests=REQUESTS.replace("k = 10", "k = 3"), arms=TFIDF)
    _, few = evaluated(tmp_path, scenario, "--data-dir", str(folder), "--users", "3")
    width = [table[table["group"] == "impressions"].set_index(["arm", "metric"]) for table in (whole, few)]
    assert (width[0]["value"] != width[1]["value"]).any()
