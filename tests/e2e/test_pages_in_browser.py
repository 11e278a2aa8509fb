"""Reports and comparisons in headless Chromium: silent, offline, nothing clipped or overlapping, dark and on paper."""

import re
from dataclasses import replace

import pytest
from browser import BROWSER, DARK, print_pdf, see
from report_statements import build_statements

from bench.analysis.comparison import KEYS, Comparison
from bench.analysis.ratios import RATIO_COLUMNS
from bench.report import write_comparison, write_report

pytestmark = [
    pytest.mark.pictures,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium here: install chromium to see pages in a browser"),
]

LARGEST = "twelve arms, labels of 40 characters"
RUNS = {"one arm": (1, 0), "five arms": (5, 0), LARGEST: (12, 40)}
COMPARISON = "a comparison"
PAGES = [*RUNS, COMPARISON]


def comparison():
    """Three runs of five arms, the last on another machine; ratios as an analysis would have them."""
    first = build_statements(*RUNS["five arms"])
    runs = [replace(first, run={**first.run, "id": f"{first.run['id']}-{name}"}) for name in "abc"]
    elsewhere = {**first.run["environment"], "cpu": {**first.run["environment"]["cpu"], "model": "Xeon"}}
    runs[2] = replace(runs[2], run={**runs[2].run, "environment": elsewhere})
    ratios = first.tax.reindex(columns=[*KEYS, *RATIO_COLUMNS]).assign(run="B")
    facts = {"cpu model": ("AMD EPYC 9B14", "AMD EPYC 9B14", "Xeon")}
    return Comparison(("A", "B", "C"), tuple(runs), ratios, facts)


@pytest.fixture(scope="module", params=PAGES)
def page(request, tmp_path_factory):
    """A page, which shows vectors: the pixels that are stored beside it are not drawn here."""
    folder = tmp_path_factory.mktemp("page")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("bench.report.drawing.png_bytes", lambda figure: b"")
        if request.param == COMPARISON:
            return write_comparison(comparison(), folder)
        return write_report(build_statements(*RUNS[request.param]), folder)


@pytest.mark.parametrize(("width", "options"), [(420, ()), (1100, (DARK,)), (1440, ())], ids=["phone", "dark", "desk"])
def test_it_is_silent_offline_whole_and_legible(page, tmp_path, width, options):
    seen = see(page, tmp_path, width, *options)
    assert seen.console == []
    assert not seen.found.pop("sideways")
    assert seen.found == {"asked": [], "broken": 0, "wide": 0, "clipped": [], "overlapping": [], "faint": []}
    assert seen.ground == ("rgb(22, 24, 27)" if DARK in options else "rgb(255, 255, 255)")


def test_it_leaves_a_printer_in_a_sensible_number_of_pages(page, tmp_path):
    pdf = print_pdf(page, tmp_path)
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    assert 4 <= pages <= 40


def test_a_page_with_faults_is_caught(tmp_path):
    """An image from elsewhere, a message, faint text, and one text over another."""
    bad = tmp_path / "bad.html"
    bad.write_text(
        "<img src='http://127.0.0.1:9/x.png'><script>console.log('hello')</script><p style='color:#ccc'>faint</p>"
        "<table><tr><td>below</td></tr><tr><td style='position:relative;top:-1.4em'>above</td></tr></table>"
    )
    seen = see(bad, tmp_path, 800)
    assert any("hello" in line for line in seen.console)
    assert seen.found["asked"] == ["http://127.0.0.1:9/x.png"]
    assert seen.found["broken"] == 1
    assert seen.found["faint"] == ["faint"]
    assert seen.found["overlapping"] == [["below", "above"]] or seen.found["overlapping"] == [["above", "below"]]
