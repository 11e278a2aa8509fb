"""The user's own words, in place of the profile."""

import pytest
from dated_recommender import T0_S, assemble, combinations
from small_data import make_items
from small_recommender import LATER_S, Journal, ask

from recsys.types import Request, RequestKind


def with_words(query, user=1):
    return Request(0, RequestKind.RECOMMEND, user, T0_S, query=query)


@pytest.fixture(params=combinations(), ids="-".join)
def recommender(request):
    found = assemble(*request.param)
    found.rewind(LATER_S)
    return found


def test_a_query_finds_what_it_says_beside_requests_without_one(recommender):
    words = make_items(12)[5].title
    asked = [with_words(f" <b>{words}</b>\n"), ask(0, 1, T0_S)]
    by_query, by_profile = recommender.recommend(asked)
    assert by_query.positions[0] == 5, "cleaned like the items"
    assert by_profile.item_ids == recommender.recommend(asked[1:])[0].item_ids
    assert not {3, 4} & set(by_query.positions.tolist()), "what the user met stays left out"


def test_its_encoding_is_paid_for_in_the_request(recommender):
    journal = Journal()
    recommender.recommend([with_words("red kettle")], journal)
    assert journal.n_tokens[0][1][0] > 0
    assert journal.n_padded[0][1] == journal.n_tokens[0][1][0]


def test_words_that_clean_to_nothing_are_none(recommender):
    empty, none = recommender.recommend([with_words("<br> \x00"), ask(1, 1, T0_S)])
    assert (empty.item_ids, empty.scores) == (none.item_ids, none.scores)
