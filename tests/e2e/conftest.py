"""What end-to-end tests share."""

import pytest


@pytest.fixture(autouse=True, scope="module")
def few_pictures(request):
    """Drawing takes longer than a small run, so a run of this process draws one picture only, a comparison one of each.

    A module that looks at pictures is marked `pictures`. All of them are drawn by the contract tests of figures, by
    those of the page, and wherever a test starts a process of its own.
    """
    if request.node.get_closest_marker("pictures"):
        yield
        return
    from bench.report.drawing import draw_picture

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("bench.report.writing.draw_pictures", lambda run: (draw_picture("quality_cost", run),))
        patched.setattr("bench.report.comparison_page.SIDE_BY_SIDE", ("quality_cost",))
        yield
