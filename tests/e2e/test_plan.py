"""The verb plan on real workers: what it prints first, what it keeps, and how it refuses. Ratios, no absolute times."""

import json
import math
from html import unescape

import pytest
from mini_scenario import FAKE, TFIDF, scenario_text, write_scenario

from bench.analysis.plan.prediction import Effort
from bench.cli import main
from bench.clock import VirtualClock
from bench.experiments.arm_worker import Subject
from bench.experiments.plan import arm_measurement, study
from bench.experiments.plan.search_measurement import TimeSparseIndex
from bench.scenario_file import read_scenario

SERVICE_S = 0.001
MOST_PER_S = 1 / SERVICE_S / 0.85
"""A list takes 1 ms at least; 15 % of the requests are feedback and ingests and take less."""
REQUESTS = '[requests]\nhistory = 10\nk = 10\nfeedback_share = 0.1\ningest_share = 0.05\nrepeat = "zipf"\n'
LOAD = '[[load]]\nkind = "server"\narrivals = { kind = "gamma", cv = 1.5 }\nrates_per_s = [20.0]\nrequests = 40\n'
SLOW = FAKE.replace('kind = "fake"', f'kind = "fake", service_ms = {1000 * SERVICE_S}') + "threads = 1\n"
BATCHED = SLOW + 'serving = { kind = "microbatch", max_requests = 4 }\n'
ABSENT = SLOW.replace('"fake"', '"far"', 1).replace('kind = "fake"', 'kind = "transformer", model = "minilm"')
ABSENT = ABSENT.replace(f", service_ms = {1000 * SERVICE_S}", "") + 'device = "cuda:99"\n'
PRICES = "[prices]\ncpu_core_hour = 0.05\n"
TEXT = scenario_text(requests=REQUESTS + PRICES, load=LOAD, arms=BATCHED + ABSENT)


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """(folder, plan.json, what --markdown wrote) of a short plan."""
    folder = tmp_path_factory.mktemp("plan")
    words = ["plan", write_scenario(folder, TEXT), "--rate", "2000", "--slo", "p90_ms=30", "--point-s", "0.5"]
    words += ["--json", str(folder / "same.json"), "--markdown", str(folder / "same.md")]
    words += ["--out", str(folder / "results")]
    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((study, "QUICK"), (study, "SEARCH"), (arm_measurement, "SEARCH")):
            patch.setattr(module, name, Effort(requests=2_000, repetitions=2))
        assert main(words) == 0
    (kept,) = (folder / "results").iterdir()
    same, stored = (json.loads(path.read_text()) for path in (folder / "same.json", kept / "plan.json"))
    assert same == stored
    assert (folder / "same.md").read_text() == (kept / "plan.md").read_text()
    return kept, stored, (folder / "same.md").read_text()


def test_the_folder_is_whole(planned):
    folder, stored, text = planned
    assert {path.name for path in folder.iterdir()} == {"plan.json", "plan.md", "plan.html", "figures"}
    pictures = {path.name for path in (folder / "figures").iterdir()}
    assert pictures == {f"plan_{name}.{end}" for name in ("check", "rate", "items") for end in ("png", "svg")}
    assert folder.name.endswith("_plan")
    assert stored["environment"]["cpu"]
    assert stored["scenario_hash"].startswith(folder.name.split("_")[2])
    page = unescape((folder / "plan.html").read_text())
    assert "<script" not in page
    assert page.index(stored["error_sentence"]) < page.index(stored["sentence"])
    assert text.index(stored["error_sentence"].split(" (")[0]) < text.index("Replicas")


def test_what_is_predicted_was_measured_and_not_fed(planned):
    (arm,) = planned[1]["arms"]
    shares = [point["share_of_capacity"] for point in arm["held_out"]]
    assert shares == [0.3, 0.5, 0.7, 0.8]
    assert arm["planned_share"] == 0.8
    own, chosen = max(each["max_requests"] for each in arm["batches"]), arm["batch_max_requests"]
    said = f"batches of at most {chosen}, checked with {own}"
    assert (said in arm["unchecked"]) == (chosen != own)
    assert arm["extrapolated"] == bool(arm["unchecked"])
    rates = [point["rate_per_s"] for point in arm["held_out"]]
    assert rates == sorted(rates)
    for point in arm["held_out"]:
        assert point["error"] == pytest.approx(point["predicted_tail_ms"] / point["measured_tail_ms"] - 1)
        assert point["predicted_p50_ms"] >= 1000 * SERVICE_S
        assert point["requests"] >= 100
    assert planned[1]["largest_error"] >= max(abs(point["error"]) for point in arm["held_out"])


def test_a_known_service_time_bounds_the_plan(planned):
    _, stored, _ = planned
    (arm,) = stored["arms"]
    assert 0 < arm["replica_capacity_per_s"] < MOST_PER_S
    assert arm["replicas"] >= math.ceil(2_000 / (0.8 * MOST_PER_S))
    assert arm["cores"] == arm["replicas"]
    assert arm["cost_per_hour"] == pytest.approx(0.05 * arm["cores"])
    assert {each["max_requests"] for each in arm["batches"]} == {1, 2, 4}
    assert arm["measured_batch_sizes"][:2] == [1, 2]
    assert arm["search"]["bytes_per_item"] == pytest.approx(16 * 4, rel=0.5), "float32 [16], counted in pages"
    assert {each["what"] for each in arm["breaks"]} >= {"Computing", "New items", "Index memory"}
    counts = [point["replicas"] or math.inf for point in arm["by_rate"]]
    assert counts == sorted(counts)
    assert counts[-1] == math.inf, "every replica applies all new items"
    assert stored["absent"][0]["label"] == "far"
    assert "cuda:99" in stored["absent"][0]["reason"]


def test_sparse_vectors_are_searched_in_repeated_catalogues(tmp_path):
    scenario = read_scenario(write_scenario(tmp_path, scenario_text(arms=TFIDF))).scenario
    subject = Subject(scenario, scenario.arm[0], ())
    few, many = (TimeSparseIndex(subject, n_items, 3).run(VirtualClock()) for n_items in (500, 1_000))
    assert many.resident_bytes == pytest.approx(2 * few.resident_bytes, rel=0.2)
    assert len(many.query_ns) == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--rate", "0"], "--rate"),
        ([], "--rate"),
        (["--rate", "10", "--slo", "p75_ms=3"], "not a limit in ms"),
        (["--rate", "10", "--arm", "nobody"], 'unknown arm "nobody"'),
        (["--rate", "10", "--share", "1.5"], "--share"),
        (["--rate", "10", "--json", "."], "no file can be written there"),
        (["--rate", "10", "--markdown", "."], "--markdown"),
    ],
)
def test_what_cannot_be_asked_is_refused(tmp_path, capsys, words, said):
    assert main(["plan", write_scenario(tmp_path, TEXT), *words, "--out", str(tmp_path / "results")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


def test_where_no_arm_can_be_measured_nothing_is_kept(tmp_path, capsys):
    path = write_scenario(tmp_path, scenario_text(requests=REQUESTS, load=LOAD, arms=ABSENT))
    assert main(["plan", path, "--rate", "10", "--out", str(tmp_path / "results")]) == 4
    assert "cuda:99" in capsys.readouterr().err
    assert not (tmp_path / "results").exists()
