"""Every registered picture, on runs of every size: what the page and a paper need of it."""

import functools
import itertools
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from report_statements import build_soak, build_statements

from bench.analysis.summary import IDENTITY, metric_columns
from bench.report.drawing import Picture, draw_picture, svg_bytes
from bench.report.figures import FIGURES, NothingToDraw
from bench.report.html import build_html
from bench.report.soak_table import soak_table
from bench.report.style import NOTE_PT, RC, WIDTH_IN

KINDS = FIGURES.kinds()
RUNS = ((1, 0), (6, 40), (12, 40))
"""Arms and length of their labels."""
LARGEST = RUNS[-1]
SHORT_LABELS = ((6, 0), (12, 0))

COMPARING = {"recovery", "ratios", "cache"}
"""Pictures that a single arm without a model leaves empty."""
SOAKS = {"soak"}
"""Pictures of a soak alone."""
DRAWABLE = [(kind, run) for kind in KINDS for run in RUNS if run != (1, 0) or kind not in COMPARING] + [
    pytest.param(kind, run, marks=pytest.mark.verify) for kind in KINDS for run in SHORT_LABELS
]


def statements_of(n_arms, label_length, kind=""):
    """A run of that size in which the picture has something to show, of the caller's own."""
    return (build_soak if kind in SOAKS else build_statements)(n_arms, label_length)


@functools.cache
def drawn(kind, run):
    """The picture of that run, laid out; drawn once for all that look at it."""
    with matplotlib.rc_context(RC):
        figure = FIGURES.get(kind)().draw(statements_of(*run, kind))
        FigureCanvasAgg(figure).draw()
    return figure


@functools.cache
def svg_of_the_largest(kind):
    """What a page shows of the picture of twelve arms with long labels."""
    with matplotlib.rc_context(RC):
        return svg_bytes(drawn(kind, LARGEST))


MARKUP = "$x_1$ <b>& </b>]]> -- {0} %s"


def full_of_markup(statements):
    arms = [{**arm, "label": MARKUP} for arm in statements.run["arms"]]
    return replace(statements, run={**statements.run, "arms": arms})


@functools.cache
def picture_full_of_markup(kind):
    """Six arms whose labels are markup."""
    return draw_picture(kind, full_of_markup(statements_of(6, 40, kind)))


@pytest.fixture(autouse=True)
def matplotlibs_settings_are_left_alone():
    """No picture of these tests, drawn or absent, may leave anything behind in a notebook's own style."""
    before = dict(matplotlib.rcParams)
    yield
    assert dict(matplotlib.rcParams) == before


def test_an_arm_that_failed_in_the_middle_of_a_soak_is_still_drawn():
    statements = statements_of(6, 40, "soak")
    arms = [arm | {"status": "failed"} if arm["name"] == "tfidf" else arm for arm in statements.run["arms"]]
    failed = replace(statements, run=statements.run | {"arms": arms})
    assert draw_picture("soak", failed, with_png=False).svg
    assert len(soak_table(failed).rows) == len(statements.soak)


def test_a_run_that_was_no_soak_says_how_to_make_one():
    assert "--duration" in draw_picture("soak", statements_of(6, 40)).absent


def visible_texts(figure):
    """Every written text with the box of its letters, ticks outside their axis' limits left out."""
    renderer = figure.canvas.get_renderer()
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    boxes = [(text, text.get_window_extent(renderer)) for text in texts]
    hidden = {id(label) for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for label in outside(axis)}
    return [(text, box) for text, box in boxes if id(text) not in hidden and box.width > 0]


def outside(axis):
    low, high = sorted(axis.get_view_interval())
    return [tick.label1 for tick in axis.get_major_ticks() if not low <= tick.get_loc() <= high]


def test_the_statements_that_are_drawn_have_only_columns_that_a_run_has():
    assert set(statements_of(12, 40).summary) <= {*IDENTITY, *metric_columns(), "verdict"}


@pytest.mark.parametrize("kind", KINDS)
def test_its_words_say_what_is_shown_and_how_to_read_it(kind):
    figure = FIGURES.get(kind)
    assert 0 < len(figure.title) <= 35
    assert figure.caption.endswith(".")
    assert len(figure.how_to_read) > 80
    assert isinstance(figure.order, int)


def test_no_two_pictures_claim_the_same_place():
    orders = [FIGURES.get(kind).order for kind in KINDS]
    assert len(set(orders)) == len(orders)


@pytest.mark.parametrize("kind", sorted(COMPARING))
def test_one_arm_alone_has_nothing_to_be_compared_with(kind):
    assert draw_picture(kind, statements_of(1, 0)).absent


@pytest.mark.parametrize(("kind", "run"), DRAWABLE, ids=str)
def test_no_text_is_clipped_or_overlaps_another(kind, run):
    figure = drawn(kind, run)
    page = figure.bbox
    texts = visible_texts(figure)
    for text, box in texts:
        inside = page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1
        assert inside, f"{text.get_text()!r} is clipped"
    for (one, box), (other, other_box) in itertools.combinations(texts, 2):
        apart = box.x1 <= other_box.x0 or other_box.x1 <= box.x0 or box.y1 <= other_box.y0 or other_box.y1 <= box.y0
        assert apart, f"{one.get_text()!r} overlaps {other.get_text()!r}"


@pytest.mark.parametrize("kind", KINDS)
def test_text_is_large_enough_in_a_paper(kind):
    figure = drawn(kind, LARGEST)
    assert figure.get_figwidth() == WIDTH_IN
    assert min(text.get_fontsize() for text, _ in visible_texts(figure)) >= NOTE_PT


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_run_gives_the_same_bytes(kind):
    one, other = picture_full_of_markup(kind), draw_picture(kind, full_of_markup(statements_of(6, 40, kind)))
    assert one.svg == other.svg
    assert one.png == other.png
    assert one == other


@pytest.mark.parametrize("kind", KINDS)
def test_the_svg_is_well_formed_and_needs_nothing_from_outside(kind):
    svg = svg_of_the_largest(kind)
    root = ElementTree.fromstring(svg)
    links = [value for node in root.iter() for name, value in node.attrib.items() if name.endswith("href")]
    assert all(link.startswith("#") for link in links)
    assert not re.search(rb"<script|<image|font-family", svg)
    assert len(svg) < 400_000


def test_a_page_of_twelve_arms_with_long_labels_stays_under_two_megabytes():
    statements = statements_of(*LARGEST)
    pictures = [
        Picture(
            kind, figure.title, figure.caption, figure.how_to_read, figure().notes(statements), svg_of_the_largest(kind)
        )
        for kind, figure in ((kind, FIGURES.get(kind)) for kind in KINDS if kind not in SOAKS)
    ]
    assert 500_000 < len(build_html(statements, pictures).encode()) < 2_000_000


@pytest.mark.parametrize("kind", KINDS)
def test_a_label_full_of_markup_is_drawn_as_text(kind):
    root = ElementTree.fromstring(picture_full_of_markup(kind).svg)
    assert root.tag.endswith("svg")
    assert not any(node.tag.rpartition("}")[2] == "b" for node in root.iter()), "the label became markup"


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_with_nothing_to_show_says_so(kind):
    statements = statements_of(1, 0)
    offline = {
        name: getattr(statements, name)[getattr(statements, name)["load"] == "offline"]
        for name in ("requests", "summary", "stages", "tax")
    }
    offline["summary"] = offline["summary"].assign(rss_peak_mb=np.nan, load_s=np.nan)
    with pytest.raises(NothingToDraw, match=r"\.$"):
        FIGURES.get(kind)().draw(replace(statements, **offline))
    picture = draw_picture(kind, replace(statements, **offline))
    assert picture.absent
    assert picture.png == picture.svg == b""
