"""A slimmed picture shows what the long one showed."""

import re

import numpy as np
from matplotlib.figure import Figure

from bench.report.drawing import svg_bytes
from bench.report.svg import slim

LETTERS = (
    '<svg><!-- p50 --><defs>\n<path id="DejaVuSans-4c" d="M 0 0 L 1.23456 2 L 3 4 L 5 6 z"/>\n</defs>'
    '<use xlink:href="#DejaVuSans-4c"/><use xlink:href="#DejaVuSans-4c" transform="translate(86.28125 0)"/></svg>'
)


def test_letters_keep_their_places_and_lines_their_corners():
    assert slim(LETTERS) == (
        '<svg><defs><path id="g0" d="M 0 0 L 1.23 2 3 4 5 6 z"/></defs>'
        '<use xlink:href="#g0"/><use xlink:href="#g0" x="86.3"/></svg>\n'
    )


def test_a_level_line_needs_no_second_height():
    assert 'd="M 1 2 H 3 M 4 5 H 6"' in slim('<path d="M 1 2 L 3 2 M 4 5 L 6 5"/>')
    assert 'd="M 1 2 L 3 2 4 4"' in slim('<path d="M 1 2 L 3 2 L 4 4"/>')


def test_every_letter_that_is_used_is_defined():
    figure = Figure()
    axes = figure.add_subplot(title="Ratio of p99, −5 % ≤ x")
    axes.plot(np.arange(50), np.arange(50) ** 2)
    svg = svg_bytes(figure).decode()
    used, defined = set(re.findall(r'<use xlink:href="#(g\d+)"', svg)), set(re.findall(r'id="(g\d+)"', svg))
    assert used == defined != set()
    assert "DejaVu" not in svg
