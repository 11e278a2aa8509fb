"""A run says which arms cannot read its texts."""

import pandas as pd
import pytest

from bench.analysis.statements import Verdict
from bench.analysis.validity import Evidence, known_checks


def findings(*arms):
    evidence = Evidence({"arms": list(arms)}, pd.DataFrame(), pd.DataFrame())
    return list(known_checks()["LanguageKnown"].findings(evidence))


def arm(**info):
    return {"label": "MiniLM", "info": info}


@pytest.mark.parametrize("unread_share", [0.0, 0.01])
def test_some_foreign_names_are_no_finding(unread_share):
    assert findings(arm(unread_share=unread_share), arm()) == []


def test_an_arm_that_cannot_read_is_named():
    found = findings(arm(unread_share=0.0), {"label": "English", "info": {"unread_share": 0.374}})
    assert [(one.where, one.verdict) for one in found] == [("English", Verdict.VALID)]
    assert "language of 37 % of the texts" in found[0].message
