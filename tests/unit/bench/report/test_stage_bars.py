import pytest
from report_statements import build_statements

from bench.report.stages import COLOURS, stage_bars
from bench.report.subjects import shared_point, single_stream
from recsys.serving.protocols import STAGES


def test_every_stage_of_the_recommender_has_a_colour():
    assert {*STAGES, "queue", "network"} <= set(COLOURS)


def test_bars_sum_exactly_to_the_stages_that_were_stated():
    statements = build_statements(6)
    point = shared_point(statements)
    rows = point.rows(statements.stages)
    for bar in stage_bars(statements, point, ("p50", "p99")):
        here = rows[(rows["arm"] == bar.arm.name) & (rows["around"] == bar.around)]
        assert bar.total_ms == pytest.approx(here["ms"].sum(), rel=1e-12)


def test_nothing_waits_in_single_stream_and_the_model_takes_its_planned_share():
    statements = build_statements(6)
    bars = {(bar.arm.name, bar.around): bar for bar in stage_bars(statements, single_stream(statements), ("p50",))}
    bar = bars["minilm-fp32", "p50"]
    assert bar.stages_ms["queue"] == 0
    assert bar.share(("prepare", "encode")) == pytest.approx(0.92, abs=0.01)


def test_a_rerankers_time_is_the_models_where_the_model_reranks():
    statements = build_statements(11)
    bars = [bar for bar in stage_bars(statements, single_stream(statements), ("p50",)) if bar.arm.reranks]
    assert len(bars) == 1
    assert bars[0].stages_ms["rerank"] == 0
    assert bars[0].stages_ms["rerank by model"] > 0
