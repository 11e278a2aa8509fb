"""What of a long run is drawn: never less than its slowest requests, and a median that is one."""

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from report_statements import build_statements
from scipy import ndimage

from bench.report.figures.timeline import (
    MEDIAN_POINTS,
    MEDIAN_WINDOW,
    Strip,
    dot_path,
    running_median,
    shown,
)
from bench.report.style import RC
from bench.report.subjects import arms_of


def test_every_dot_is_seen():
    """Counted in pixels: a renderer drops a path that it takes for one without length."""
    n = 60
    ms = 1.0 + np.arange(n) % 7
    strip = Strip(arms_of(build_statements(1))[0], ms, (0,), ())
    with matplotlib.rc_context(RC):
        figure = Figure(figsize=(7, 2))
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, n), ylim=(0, 9))
        axes.axis("off")
        axes.add_patch(dot_path(np.arange(n), strip))
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
    dark = np.asarray(canvas.buffer_rgba())[:, :, 0] < 250
    assert ndimage.label(dark, structure=np.ones((3, 3)))[1] == n


def test_a_short_run_shows_every_answered_request():
    ms = np.array([1.0, np.nan, 3.0, 2.0])
    assert shown(ms, 10).tolist() == [0, 2, 3]


def test_a_long_run_shows_few_dots_and_still_the_slowest_of_every_stretch():
    ms = np.random.default_rng(0).lognormal(size=100_000)
    ms[77_777] = 1e6
    places = shown(ms, 400)
    assert len(places) <= 400
    assert 77_777 in places
    assert np.all(np.diff(places) > 0)


def test_the_running_median_is_that_of_the_neighbours():
    ms = np.random.default_rng(1).lognormal(size=5_000)
    middle, medians = running_median(ms)
    assert len(middle) <= MEDIAN_POINTS
    for at, median in zip(middle.astype(int), medians, strict=True):
        half = MEDIAN_WINDOW // 2
        assert median == np.median(ms[at - half : at + half + 1])


def test_requests_without_an_answer_do_not_move_the_median():
    ms = np.full(200, 5.0)
    ms[::3] = np.nan
    assert set(running_median(ms)[1]) == {5.0}


@pytest.mark.parametrize("n", [1, MEDIAN_WINDOW - 1])
def test_a_block_shorter_than_the_window_has_one_median(n):
    assert set(running_median(np.arange(1.0, n + 1))[1]) == {np.median(np.arange(1.0, n + 1))}
