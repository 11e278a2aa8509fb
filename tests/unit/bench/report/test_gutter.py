import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.report.beside import Box, Ground, Mark, place_beside
from bench.report.gutter import spread, text_width_pt, wrapped


def test_labels_that_do_not_overlap_stay_where_they_want_to_be():
    assert spread([10, 50, 90], [8, 8, 8], 0, 100) == [10, 50, 90]


def test_labels_that_want_the_same_place_are_centred_around_it():
    assert spread([50, 50, 50], [10, 10, 10], 0, 100) == [40, 50, 60]


@given(
    st.lists(st.tuples(st.floats(-50, 250), st.floats(1, 12)), min_size=1, max_size=14),
)
def test_labels_never_overlap_and_stay_inside(labels):
    wanted, sizes = zip(*labels, strict=True)
    centres = spread(wanted, sizes, 0, 200)
    edges = sorted((centre - size / 2, centre + size / 2) for centre, size in zip(centres, sizes, strict=True))
    assert all(before[1] <= after[0] + 1e-6 for before, after in itertools.pairwise(edges))
    assert edges[0][0] >= -1e-6
    assert edges[-1][1] <= 200 + 1e-6


def test_the_order_of_labels_is_the_order_of_their_lines():
    centres = spread([3, 1, 2], [10, 10, 10], 0, 100)
    assert centres[1] < centres[2] < centres[0]


def test_a_long_label_is_wrapped_and_one_that_is_far_too_long_ends_in_an_ellipsis():
    assert wrapped("MiniLM int8 with its query prefix, cached").count("\n") == 1
    assert wrapped("word " * 80).endswith("…")
    assert text_width_pt("wide\nwider") == pytest.approx(text_width_pt("wider"))


def test_names_cover_neither_markers_nor_each_other():
    marks = [Mark(x, y, Box(x - 5, y - 5, x + 5, y + 5)) for x, y in ((100, 100), (112, 104), (150, 60))]
    ground = Ground(Box(0, 0, 400, 200), tuple(mark.reach for mark in marks), ())
    boxes = place_beside(marks, [(60, 12)] * 3, ground)
    assert boxes is not None
    filled = [*boxes, *ground.solid]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(filled, 2) if one in boxes)


def test_a_crowd_without_room_is_told_apart_from_one_with_room():
    marks = [Mark(50, 10 + 2 * i, Box(45, 5, 55, 45)) for i in range(12)]
    assert place_beside(marks, [(180, 12)] * 12, Ground(Box(0, 0, 200, 50), (), ())) is None
