"""A sleep of 10 ms planted in each stage is found there, and nowhere else, in the rows of a real run."""

import numpy as np
import pandas as pd
import pytest
from mini_scenario import REQUESTS, scenario_text, write_scenario

from bench.analysis.stages import stage_lengths_ns
from bench.runner import RunRequest, run_scenario
from bench.scenario_file import read_scenario
from bench.store import load_run

SLEEP_NS = 10_000_000
NOISE_NS = SLEEP_NS // 2
"""A stage that nothing was planted in moves by less than half of the sleep: far more than its own length."""
STAGES_OF_LISTS = ("clean", "profile", "prepare", "batch_wait", "encode", "retrieve", "rank", "rerank", "respond")
ARM = """
[[arm]]
name = "NAME"
encoder = { kind = "fake" }
serving = SERVING
planted_sleep_ms = { SLEEPS }
"""
STAGES_OF_INGESTS = ("clean", "prepare", "encode", "index")
DIRECT = ('{ kind = "direct" }', '[[load]]\nkind = "single_stream"\nrequests = 36\n', "ingest_share = 0.1\n")
MICROBATCH = ('{ kind = "microbatch", max_requests = 8 }', '[[load]]\nkind = "offline"\nrequests = 96\n', "")


def measured(folder, serving, load, ingests):
    """Stage lengths in ns by arm, with each request's kind and the moment at which it was taken."""
    sleeps = {"without": ""} | {f"in_{stage}": f"{stage} = 10.0" for stage in (*STAGES_OF_LISTS, "index", "update")}
    arms = [ARM.replace("NAME", name).replace("SLEEPS", planted) for name, planted in sleeps.items()]
    text = scenario_text(
        load=load,
        requests=REQUESTS + ingests,
        arms="".join(arms).replace("SERVING", serving),
        blocks="[blocks]\ncount = 1\nwarmup_requests = 0\n",
    )
    file = read_scenario(write_scenario(folder, text))
    stored = load_run(run_scenario(RunRequest(file, (), folder / "results"), lambda message: None))
    rows = pd.concat([stored.requests, stage_lengths_ns(stored.requests)], axis=1)
    rows["service_ns"] = rows["observed_ns"] - rows["taken_ns"]
    return dict(list(rows.sort_values("row").groupby("arm")))


@pytest.fixture(scope="module")
def direct(tmp_path_factory):
    return measured(tmp_path_factory.mktemp("direct"), *DIRECT)


@pytest.fixture(scope="module")
def microbatch(tmp_path_factory):
    return measured(tmp_path_factory.mktemp("microbatch"), *MICROBATCH)


def lists(rows):
    """Requests for a list that were taken together with no feedback, whose update would be part of their wait."""
    mixed = rows.groupby("taken_ns")["request_kind"].transform("nunique") > 1
    return rows[(rows["request_kind"] == "recommend") & ~mixed]


def assert_planted(rows, without, stage):
    """≥ 10 ms in this stage of every request, ≥ 10 ms in its total, and no other stage longer than before."""
    assert len(rows) == len(without) > 10
    assert (rows[stage] >= SLEEP_NS).all()
    assert rows["service_ns"].median() - without["service_ns"].median() > SLEEP_NS - NOISE_NS
    for other in (*STAGES_OF_LISTS, "index", "update"):
        moved_ns = rows[other].median() - without[other].median()
        assert (moved_ns > SLEEP_NS - NOISE_NS) == (other == stage), f"{other} moved by {moved_ns / 1e6:.1f} ms"


@pytest.mark.parametrize("stage", STAGES_OF_LISTS)
def test_one_by_one(direct, stage):
    assert_planted(lists(direct[f"in_{stage}"]), lists(direct["without"]), stage)


@pytest.mark.parametrize("stage", STAGES_OF_LISTS)
def test_in_batches_of_eight(microbatch, stage):
    rows = lists(microbatch[f"in_{stage}"])
    assert_planted(rows, lists(microbatch["without"]), stage)
    sizes = rows.groupby("observed_ns").size()
    assert (sizes == 8).any()
    assert sizes.max() == 8, "a batch stamps all its members"


@pytest.mark.parametrize("stage", STAGES_OF_INGESTS)
def test_an_ingest_passes_stages_of_its_own(direct, stage):
    rows, without = (direct[arm][direct[arm]["request_kind"] == "ingest"] for arm in (f"in_{stage}", "without"))
    assert len(rows) == len(without) > 2
    assert (rows[stage] >= SLEEP_NS).all()
    for other in (*STAGES_OF_LISTS, "index", "update"):
        moved_ns = rows[other].median() - without[other].median()
        assert (moved_ns > SLEEP_NS - NOISE_NS) == (other == stage), f"{other} moved by {moved_ns / 1e6:.1f} ms"


@pytest.mark.parametrize("serving", ["direct", "microbatch"])
def test_feedback_is_slow_in_its_update_alone(serving, request):
    arms = request.getfixturevalue(serving)
    rows = arms["in_update"][arms["in_update"]["request_kind"] == "feedback"]
    assert len(rows) > 2
    assert (rows["update"] >= SLEEP_NS).all()
    assert (rows["update"] + rows["respond"] == rows["service_ns"]).all()
    assert (rows["respond"] < SLEEP_NS / 10).all(), "handing an empty answer over takes no time"
    without = arms["without"][arms["without"]["request_kind"] == "feedback"]
    assert rows["update"].median() - without["update"].median() > SLEEP_NS - NOISE_NS
    others = [stage for stage in STAGES_OF_LISTS if stage != "respond"]
    assert (rows[others].to_numpy() == np.zeros((len(rows), len(others)))).all()
