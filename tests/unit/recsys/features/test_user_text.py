"""The one text that a user is, wherever one is read."""

import numpy as np
from small_data import make_items

from recsys.catalogue import Catalogue
from recsys.features.profile import Profile
from recsys.features.user_text import user_text

TITLES = Catalogue.of(make_items(5)).titles


def profile(*items, query=""):
    rows = np.array(items, np.int32)
    return Profile(rows, np.ones(len(rows), np.float32), np.unique(rows), query)


def test_titles_oldest_first_each_as_often_as_it_was_met():
    assert user_text(profile(3, 1, 3), TITLES) == f"{TITLES[3]}, {TITLES[1]}, {TITLES[3]}"


def test_a_query_stands_for_the_titles():
    assert user_text(profile(3, query="blue lamp"), TITLES) == "blue lamp"


def test_of_a_user_who_met_nothing_there_is_no_text():
    assert user_text(profile(), TITLES) == ""
