"""What every shipped scenario promises, and the figures that those with a case behind them are made of."""

import tomllib
from functools import cache

import pytest
from simulated_once import simulated_once

from bench.experiments.forecast import forecast
from bench.measure.slices import cut_slices
from bench.scenario_file import Overrides, read_scenario, shipped_scenarios
from bench.traffic.requests import draw_trace
from recsys.data.loading import load_dataset
from recsys.models.locate import locate
from recsys.models.tokenizer import TextTokenizer
from recsys.placement import PLACEMENTS
from recsys.ranking import RANKERS

REAL = {"games", "movielens", "retail"}
"""They need data that are not shipped."""
PRESETS = {
    # name: (history, candidates, feedback share, p99 in ms, arrivals of the load that owes a p99)
    "social": ((50, 200), (200, 500), (0.10, 0.20), (100, 100), {"kind": "gamma", "cv": 3.0}),
    "shop": ((10, 30), (100, 100), (0.045, 0.05), (100, 100), {"kind": "diurnal"}),
    "music_video": ((100, 1000), (50, 50), (0.30, 0.50), (150, 150), {"kind": "gamma", "cv": 1.1}),
    "news": ((2, 200), (2, 159), (0.04, 0.04), (60, 100), {"kind": "gamma", "cv": 3.0}),
    "search": ((1, 10), (50, 100), (0.20, 0.40), (130, 130), {"kind": "gamma", "cv": 1.1}),
}
LONGEST_MINUTES = 7.5
"""What a dry run guesses at most; it guesses long loading, and aims at five minutes."""


@pytest.fixture(params=sorted(shipped_scenarios()))
def name(request):
    return request.param


@pytest.fixture(params=sorted(PRESETS))
def preset(request):
    return request.param


@pytest.fixture(autouse=True, scope="module")
def same_data():
    with simulated_once():
        yield


@cache
def resolved(name):
    return read_scenario(name).scenario


@cache
def told(name):
    """What a dry run says, without data that are not shipped."""
    return forecast(resolved(name), ())


def traced(scenario):
    dataset = load_dataset(scenario.data.kind, data_dirs=(), **scenario.data.options)
    slices = cut_slices(scenario)[1]
    return draw_trace(scenario, dataset, slices[-1].high, ()), slices


def test_it_says_what_it_is_and_asks_one_question(name):
    text = shipped_scenarios()[name].read_text(encoding="utf-8")
    assert text.startswith("# "), "a comment says what it is for"
    raw = tomllib.loads(text)
    assert raw["question"].endswith("?")
    assert raw["question"].count("?") == 1
    assert all(arm.title for arm in resolved(name).arm)


def test_every_embedded_one_can_run_and_owes_the_percentile_that_its_slo_is_about(name):
    if name in REAL:
        pytest.skip("its data are not shipped")
    if resolved(name).gate:
        pytest.skip("a gate judges ratios of p50 and p90, which owe less")
    full = [title for title, blank in told(name).blanks if "p99" not in blank]
    assert any(title.startswith("single_stream") for title in full)


def test_a_preset_has_the_figures_of_its_case(preset):
    scenario, (history, candidates, feedback, p99_ms, arrivals) = resolved(preset), PRESETS[preset]
    assert history[0] <= scenario.requests.history <= history[1]
    assert candidates[0] <= scenario.retrieval.candidates <= candidates[1]
    assert feedback[0] <= scenario.requests.feedback_share <= feedback[1]
    assert p99_ms[0] <= scenario.slo.p99_ms <= p99_ms[1]
    assert scenario.requests.ingest_share > 0
    owing = [title for title, blank in told(preset).blanks if "p99" not in blank]
    served = {point.title: point.table.arrivals for point in scenario.load_points() if point.table.arrivals}
    under_load = [served[title] for title in owing if title in served]
    assert under_load, "a p99 under load"
    assert under_load[0].kind == arrivals["kind"]
    assert arrivals.items() <= {"kind": under_load[0].kind, **under_load[0].options}.items()


def test_a_preset_sets_a_baseline_a_reference_and_a_cheaper_model_side_by_side(preset):
    scenario = resolved(preset)
    roles = {arm.role: arm for arm in scenario.arm}
    assert roles["baseline"].encoder.kind == "tfidf"
    assert roles["reference"].encoder.model_dump() == {"kind": "transformer", "model": "minilm"}
    assert len(scenario.arm) > 2


def test_a_preset_labels_what_is_assumed_and_takes_about_five_minutes(preset):
    text = shipped_scenarios()[preset].read_text(encoding="utf-8")
    assert '"Assumed"' in text or "assumed" in text
    for key in ("feedback_share", "ingest_share"):
        line = next(line for line in text.splitlines() if line.startswith(key))
        assert "#" in line, "a figure says where it comes from"
    assert (told(preset).scheduled_s + told(preset).guessed_s) / 60 < LONGEST_MINUTES


def test_the_shop_can_be_asked_for_its_capacity():
    """Eight bits, batched, with a cache: the arm of which the capacity at a p99 of 100 ms is asked."""
    arm = next(arm for arm in resolved("shop").arm if arm.name == "minilm-int8-batch-cache")
    assert (arm.serving.kind, arm.encoder.options["precision"], arm.placement) == ("microbatch", "int8", "items")
    assert arm.cache is not None


def test_placement_has_every_place_with_one_encoder_and_can_be_moved_to_real_data():
    scenario = resolved("placement")
    assert {arm.placement for arm in scenario.arm} == set(PLACEMENTS.kinds())
    models = {arm.encoder.model_dump_json() for arm in scenario.arm if arm.placement != "none"}
    assert len(models) == 1
    assert scenario.arm[-1].reranking is not None, "the last place: after the ranker"
    items = [arm.cache is not None for arm in scenario.arm if arm.placement == "items"]
    assert sorted(items) == [False, True], "with a cache and without"
    moved = read_scenario("placement", Overrides(('data={kind="amazon",path="amazon-games"}',))).scenario
    assert (moved.data.kind, moved.data.options["path"]) == ("amazon", "amazon-games")


def test_texts_are_as_long_as_they_are_said_to_be():
    """Of the profile texts that are asked for, nine in ten at least reach the length that an arm reads."""
    scenario = resolved("long_text")
    trace, slices = traced(scenario)
    lengths = sorted(arm.encoder.options["max_tokens"] for arm in scenario.arm if arm.placement == "profile")
    assert lengths == [16, 32, 64, 128, 256, 512]
    dataset = trace.dataset
    texts = []
    for part in slices:
        requests = trace.requests(part.low, part.high)
        for request in requests:
            known = dataset.by_user.before(request.user, requests[0].timestamp_s).item[-scenario.requests.history :]
            texts.append(", ".join(dataset.items[item].title for item in known.tolist()))
    n_tokens = TextTokenizer(locate("minilm").tokenizer, max(lengths), "", 1)(texts).n_tokens
    for length in lengths:
        assert (n_tokens >= length).mean() > 0.9


def test_both_devices_have_the_same_arms():
    arms = {arm.name: arm for arm in resolved("cpu_gpu").arm if arm.placement != "none"}
    stems = {name.rpartition("-")[0] for name in arms}
    assert len(stems) >= 3
    for stem in stems:
        on_cpu, on_gpu = (arms[f"{stem}-{device}"].model_dump() for device in ("cpu", "gpu"))
        assert (on_cpu.pop("device"), on_gpu.pop("device")) == ("cpu", "cuda")
        for own in ("name", "label", "role"):
            on_cpu.pop(own), on_gpu.pop(own)
        assert on_cpu == on_gpu


def test_what_is_read_now_counts_on_the_front_page():
    hybrid = next(arm for arm in resolved("news").arm if arm.ranking.kind == "hybrid")
    assert RANKERS.get("hybrid").Options(**hybrid.ranking.options).counts == "live"
