"""Every open-loop slice has its schedule, and a recording goes on from block to block of each load point."""

import numpy as np
import pytest
from arrival_draws import NS_PER_S, write_recording

from bench.errors import ConfigError
from bench.measure.schedules import draw_schedules
from bench.measure.slices import cut_slices
from bench.scenario import Scenario


def scenario(**server):
    return Scenario.model_validate(
        {
            "name": "scheduled",
            "question": "?",
            "data": {"kind": "embedded"},
            "load": [
                {"kind": "single_stream", "requests": 6},
                {"kind": "server", "requests": 12, "arrivals": {"kind": "trace", "path": "arrivals.csv"}} | server,
            ],
            "blocks": {"count": 3, "warmup_requests": 4},
            "arm": [{"name": "tfidf", "encoder": {"kind": "tfidf"}, "placement": "none"}],
        }
    )


def test_blocks_of_each_rate_replay_consecutive_parts(tmp_path):
    recorded_s = np.cumsum(np.arange(15))
    write_recording(tmp_path, recorded_s)
    natural_per_s = 14 / recorded_s[-1]
    asked = scenario(rates_per_s=[natural_per_s, 2 * natural_per_s])
    schedules = draw_schedules(7, cut_slices(asked)[1], [tmp_path])
    slow, fast = asked.load_points()[1:]
    assert set(schedules) == {(point, block) for point in (slow, fast) for block in range(3)}
    gaps_s = [np.diff(schedules[slow, block].intended_ns, prepend=0) / NS_PER_S for block in range(3)]
    assert np.concatenate(gaps_s) == pytest.approx(np.arange(15), rel=1e-5)
    for block in range(3):
        assert schedules[fast, block].intended_ns * 2 == pytest.approx(schedules[slow, block].intended_ns, abs=2)


def test_a_recording_that_is_too_short_is_refused_before_the_run(tmp_path):
    write_recording(tmp_path, range(14))
    with pytest.raises(ConfigError, match=r"14 arrivals, but a load point with 15 or more"):
        draw_schedules(7, cut_slices(scenario(rates_per_s=[5]))[1], [tmp_path])
