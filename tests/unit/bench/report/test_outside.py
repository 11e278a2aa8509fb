"""Checks against results from elsewhere, where people and machines read them."""

import json
from dataclasses import replace
from io import StringIO

import pytest
from report_statements import build_statements
from rich.console import Console

from bench.analysis.conclude import statements_as_json
from bench.analysis.statements import Outcome, OutsideCheck
from bench.report import terminal_table
from bench.report.html import build_html
from bench.report.markdown import build_markdown

CHECKS = (
    OutsideCheck("C1", "throughput falls", Outcome.PASS, "TF-IDF 2,000/s"),
    OutsideCheck("C2", "a <tiny> network", Outcome.NOT_TESTABLE, "no GPU"),
    OutsideCheck("C4", "int8 is faithful", Outcome.FAIL, "MiniLM int8 0.941"),
)


@pytest.fixture(scope="module")
def statements():
    return replace(build_statements(2, requests=200), outside=CHECKS)


def test_the_page_says_all_three_outcomes(statements):
    page = build_html(statements, [])
    assert '<b class="VALID">pass</b><span>C1, throughput falls: TF-IDF 2,000/s.</span>' in page
    assert '<b class="INVALID">fail</b><span>C4, int8 is faithful: MiniLM int8 0.941.</span>' in page
    assert "C2 (a &lt;tiny&gt; network: no GPU)" in page


def test_markdown_says_all_three_outcomes(statements):
    text = build_markdown(statements)
    assert "- **pass** C1, throughput falls: TF-IDF 2,000/s." in text
    assert "- **fail** C4, int8 is faithful: MiniLM int8 0.941." in text
    assert "- not testable here: C2 (a \\<tiny\\> network: no GPU)" in text


def test_the_terminal_says_what_passed_and_failed_and_names_the_rest(statements):
    console = Console(width=100, record=True, file=StringIO())
    console.print(terminal_table(statements))
    text = console.export_text()
    assert "pass C1, throughput falls: TF-IDF 2,000/s." in text
    assert "fail C4, int8 is faithful: MiniLM int8 0.941." in text
    assert "not testable here: C2." in text


def test_machines_get_every_check(statements):
    checks = json.loads(statements_as_json(statements))["outside_checks"]
    assert [(check["name"], check["outcome"]) for check in checks] == [
        ("C1", "pass"), ("C2", "not testable here"), ("C4", "fail"),
    ]  # fmt: skip


def test_a_run_without_checks_has_no_section(statements):
    bare = replace(statements, outside=())
    assert "elsewhere" not in build_html(bare, [])
    assert "elsewhere" not in build_markdown(bare)
