"""Which panels a soak's picture has, and where its lines break off."""

from dataclasses import replace

import numpy as np
from report_statements import build_soak

from bench.report.figures.soak import Soak

ALWAYS = ["Memory (MB)", "Open files", "Threads"]


def with_outcome(statements, chosen):
    """The same soak; the chosen requests timed out."""
    requests = statements.requests
    return replace(statements, requests=requests.assign(outcome=np.where(chosen, "timed_out", requests["outcome"])))


def panels(statements):
    return {axes.get_title(): axes for axes in Soak().draw(statements).axes}


def test_requests_that_were_all_answered_have_no_panel():
    statements = build_soak(2)
    answered = replace(statements, requests=statements.requests.assign(outcome="answered"))
    assert list(panels(answered)) == [*ALWAYS, "Response time p50 (ms)"]


def test_a_line_breaks_off_where_the_percentile_is_infinite():
    statements = build_soak(1)
    drawn = panels(with_outcome(statements, chosen=statements.requests["block"] >= 20))
    assert list(drawn) == [*ALWAYS, "Response time p50 (ms)", "Unanswered (%)"]
    (response,), (unanswered,) = (drawn[title].lines for title in list(drawn)[-2:])
    assert np.isnan(response.get_ydata()).tolist() == [False] * 20 + [True] * 20
    assert unanswered.get_ydata()[20:].tolist() == [100.0] * 20
