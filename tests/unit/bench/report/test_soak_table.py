"""What is said of a soak: how long each arm served, and what could not be read."""

from dataclasses import replace

import pytest
from report_statements import build_soak

from bench.analysis.soak import soak_table as analysed
from bench.report.soak_table import soak_sentence, soak_table


def with_blocks(statements, blocks):
    """The same soak with other blocks."""
    run = statements.run | {"blocks": blocks}
    return replace(statements, run=run, soak=analysed(run, statements.requests))


@pytest.fixture(scope="module")
def two_arms():
    """40 blocks of half a minute of each; the second arm leaks."""
    return build_soak(2)


def test_the_time_is_that_which_each_arm_served(two_arms):
    assert soak_sentence(two_arms).startswith("Soak of 20.0 min an arm: MiniLM fp32 grew")
    assert not any(note.startswith("Served") for note in soak_table(two_arms).notes)


def test_a_soak_that_was_stopped_says_how_long_it_was_and_not_what_was_asked(two_arms):
    asked = two_arms.run["scenario"] | {"soak_s": 8 * 3600.0}
    stopped = replace(two_arms, run=two_arms.run | {"scenario": asked})
    blocks = [block for block in two_arms.run["blocks"] if block["block"] < (5 if block["arm"] == "tfidf" else 4)]
    stopped = with_blocks(stopped, blocks)
    assert soak_sentence(stopped).startswith("Soak of 2.00 min to 2.50 min an arm: nothing grew; too little to tell")
    assert "Served: TF-IDF 2.50 min, MiniLM fp32 2.00 min." in soak_table(stopped).notes


def test_what_was_not_read_is_named(two_arms):
    blocks = [{key: value for key, value in block.items() if key != "open_files"} for block in two_arms.run["blocks"]]
    unread = with_blocks(two_arms, blocks)
    assert "; not read in every arm: open files" in soak_sentence(unread)
    lines = [row.cells for row in soak_table(unread).rows if row.cells[0].text == "Open files"]
    assert [[cell.text for cell in cells[1:]] for cells in lines] == 2 * [["–", "–", "–", "–", "not read"]]
