"""Some rows of a table: the values of any column in order, and nothing copied before it is asked for."""

import numpy as np
import pandas as pd
import pytest

from bench.analysis.selection import Selection

TABLE = pd.DataFrame({"number": [10, 11, 12, 13], "word": pd.Categorical(list("abab"))})


def test_a_column_holds_the_values_of_its_places_in_their_order():
    rows = Selection(TABLE, np.array([3, 0]))
    assert len(rows) == 2
    assert rows["number"].tolist() == [13, 10]
    assert rows["word"].tolist() == ["b", "a"]


def test_rows_are_chosen_by_what_is_true_of_them_and_again_among_themselves():
    rows = Selection.where(TABLE, TABLE["word"] == "b")
    assert rows["number"].tolist() == [11, 13]
    assert rows.only(rows["number"] > 11)["number"].tolist() == [13]
    assert rows.only(np.zeros(2, bool))["number"].tolist() == []


def test_columns_of_a_selection_fit_together():
    rows = Selection(TABLE, np.array([2, 1]))
    assert (rows["number"] - rows["number"]).tolist() == [0, 0]
    assert rows.frame("word", "number").to_dict("list") == {"word": ["a", "b"], "number": [12, 11]}


def test_it_knows_which_columns_there_are():
    rows = Selection(TABLE, np.array([0]))
    assert "word" in rows
    assert "lateness_ns" not in rows
    with pytest.raises(KeyError):
        rows["lateness_ns"]
