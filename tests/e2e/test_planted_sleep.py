"""A sleep planted in each stage is found there, to its own length, in the rows of a real run."""

import pandas as pd
import pytest
from mini_scenario import REQUESTS, scenario_text, write_scenario

from bench.analysis.stages import stage_lengths_ns
from bench.runner import RunRequest, run_scenario
from bench.scenario_file import read_scenario
from bench.store import load_run

NS_PER_MS = 1_000_000
STEP_MS = 4
NOISE_NS = STEP_MS * NS_PER_MS // 2
"""Half of what tells one stage's sleep from the next's: far more than a stage of these arms takes by itself."""
STAGES_OF_LISTS = ("clean", "profile", "prepare", "batch_wait", "encode", "retrieve", "rank", "rerank", "respond")
STAGES_OF_INGESTS = ("clean", "prepare", "encode", "index")
STAGES = (*STAGES_OF_LISTS, "index", "update")
SLEEP_MS = {stage: STEP_MS * place for place, stage in enumerate(STAGES, start=1)}
"""No two alike, so that a sleep in the wrong place is seen wherever it is."""
ARM = """
[[arm]]
name = "NAME"
encoder = { kind = "fake" }
serving = SERVING
planted_sleep_ms = { SLEEPS }
"""
DIRECT = ('{ kind = "direct" }', '[[load]]\nkind = "single_stream"\nrequests = 36\n', "ingest_share = 0.1\n")
MICROBATCH = ('{ kind = "microbatch", max_requests = 8 }', '[[load]]\nkind = "offline"\nrequests = 96\n', "")


def measured(folder, serving, load, ingests):
    """Stage lengths in ns by arm, with each request's kind and the moment at which it was taken."""
    sleeps = ", ".join(f"{stage} = {length_ms}" for stage, length_ms in SLEEP_MS.items())
    arms = [ARM.replace("NAME", name).replace("SLEEPS", said) for name, said in (("without", ""), ("asleep", sleeps))]
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


def of_kind(arms, kind):
    return [rows[rows["request_kind"] == kind] for rows in (arms["asleep"], arms["without"])]


def assert_planted(rows, without, slept):
    """Each stage that slept is longer by its own sleep and no other is; the total is longer by all of them."""
    assert len(rows) == len(without) > 2
    for stage in STAGES:
        sleep_ns = SLEEP_MS[stage] * NS_PER_MS if stage in slept else 0
        assert (rows[stage] >= sleep_ns).all(), stage
        moved_ns = rows[stage].median() - without[stage].median()
        assert moved_ns == pytest.approx(sleep_ns, abs=NOISE_NS), f"{stage} moved by {moved_ns / NS_PER_MS:.1f} ms"
    moved_ns = rows["service_ns"].median() - without["service_ns"].median()
    total_ns = sum(SLEEP_MS[stage] for stage in slept) * NS_PER_MS
    assert moved_ns == pytest.approx(total_ns, abs=NOISE_NS * len(slept))


def test_one_by_one(direct):
    assert_planted(lists(direct["asleep"]), lists(direct["without"]), STAGES_OF_LISTS)


def test_in_batches_of_eight(microbatch):
    rows = lists(microbatch["asleep"])
    assert_planted(rows, lists(microbatch["without"]), STAGES_OF_LISTS)
    sizes = rows.groupby("observed_ns").size()
    assert (sizes == 8).any()
    assert sizes.max() == 8, "a batch stamps all its members"


def test_an_ingest_passes_stages_of_its_own(direct):
    assert_planted(*of_kind(direct, "ingest"), STAGES_OF_INGESTS)


@pytest.mark.parametrize("serving", ["direct", "microbatch"])
def test_feedback_is_slow_in_its_update_alone(serving, request):
    rows, without = of_kind(request.getfixturevalue(serving), "feedback")
    assert len(rows) == len(without) > 2
    assert (rows["update"] >= SLEEP_MS["update"] * NS_PER_MS).all()
    assert (rows["update"] + rows["respond"] == rows["service_ns"]).all()
    assert (rows["respond"] < STEP_MS * NS_PER_MS / 4).all(), "handing an empty answer over takes no time"
    assert rows["update"].median() - without["update"].median() > SLEEP_MS["update"] * NS_PER_MS - NOISE_NS
    others = [stage for stage in STAGES_OF_LISTS if stage != "respond"]
    assert (rows[others] == 0).all(axis=None)
