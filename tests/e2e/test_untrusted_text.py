"""Labels and titles are text, whatever they look like: no script, no formula, no table row of their own."""

import csv
import json
import re

import pytest
from mini_scenario import FAKE, TFIDF, made_run, scenario_text

from bench.cli import main

SCRIPT = "<script>alert(1)</script>"
LABELS = ("=cmd|' /C calc'!A0", f'"><img src=x onerror=alert(1)> {SCRIPT}', "a | b\\n\\n# heading [x](javascript:1)")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    arms = TFIDF.replace('label = "TF-IDF :warning: [/b]"', f"label = '''{LABELS[0]}'''")
    for place, label in enumerate(LABELS[1:]):
        text = json.dumps(label.replace("\\n", "\n"))
        arms += FAKE.replace('name = "fake"', f'name = "fake{place}"\nlabel = {text}')
    return made_run(tmp_path_factory.mktemp("untrusted"), scenario_text(arms=arms))


def test_no_table_begins_a_formula(run):
    tables = list(run.glob("*.csv"))
    assert len(tables) == 4
    for path in tables:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                for cell in row:
                    assert not re.match(r"[=+@\t\r\n]|-[^\d.inf]", cell), f"{path.name}: {cell}"


def test_the_label_is_there_and_readable(run):
    text = (run / "summary.csv").read_text(encoding="utf-8")
    assert "'=cmd|" in text


def test_no_tag_of_a_label_is_one_of_the_page(run):
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "alert(1)" in page, "shown"
    assert SCRIPT not in page
    assert not re.search(r"<img[^>]*onerror", page)


def test_a_label_makes_neither_tags_nor_rows_of_markdown(run):
    lines = (run / "report.md").read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if line.startswith("# heading")]
    assert not re.search(r"(?<!\\)<script", "\n".join(lines))
    rows = [line for line in lines if line.startswith("|")]
    for row, after in zip(rows, rows[1:], strict=False):
        if re.fullmatch(r"\|( ?:?-+:? ?\|)+", after.replace(" ", " ")):
            assert len(re.findall(r"(?<!\\)\|", row)) == len(re.findall(r"\|", after))
    assert not re.search(r"(?<!\\)\[x\]\(javascript", "\n".join(lines))


def test_the_terminal_shows_it_as_it_is(run, capsys):
    assert main(["show", str(run)]) == 0
    assert "\x1b[" not in capsys.readouterr().out
