"""What every placement promises, whichever file it stands in."""

from dataclasses import replace

import numpy as np
import pytest
from small_data import make_items

from recsys.catalogue import Catalogue
from recsys.encoders import build_encoder
from recsys.encoders.batching import forward_sorted
from recsys.features.profile import Profile
from recsys.placement import PLACEMENTS, Draft

N_ITEMS = 12


def profile(*items):
    rows = np.array(items, np.int32)
    return Profile(rows, np.full(len(rows), 1 / max(1, len(rows)), np.float32), np.unique(rows))


PROFILES = [profile(3, 4), profile(), profile(7), profile(7, 7, 1)]


@pytest.fixture(params=PLACEMENTS.kinds())
def kind(request):
    return request.param


@pytest.fixture
def placed(kind):
    encoder = build_encoder("fake")
    catalogue = Catalogue.of(make_items(N_ITEMS))
    return PLACEMENTS.get(kind)(catalogue, encoder, encoder.encode(catalogue.texts)), encoder


def users(placed, drafts):
    placement, encoder = placed
    draft = Draft.join(drafts)
    encoded = None if draft.prepared is None else forward_sorted(encoder, draft.prepared)[0]
    return placement.user_vectors(PROFILES, encoded)


def test_its_kind_is_the_name_of_its_file(kind):
    placement = PLACEMENTS.get(kind)
    assert placement.__module__ == f"{PLACEMENTS.package}.{kind}"
    assert len(PLACEMENTS.entry(kind).summary) > 20
    assert isinstance(placement.needs_model, bool)
    assert (placement.__doc__ or "").strip()


def test_a_user_is_a_unit_vector_or_nothing(placed):
    vectors = users(placed, [placed[0].draft(PROFILES)])
    assert vectors.shape == (len(PROFILES), 16)
    norms = np.linalg.norm(vectors, axis=1)
    assert all(norm == pytest.approx(1, abs=1e-5) or norm == 0 for norm in norms)
    assert norms[[0, 2, 3]] == pytest.approx([1, 1, 1], abs=1e-5)


def test_drafted_together_alone_or_split_the_users_are_the_same(placed):
    together = placed[0].draft(PROFILES)
    alone = [placed[0].draft([one]) for one in PROFILES]
    expected = users(placed, [together])
    assert users(placed, alone) == pytest.approx(expected, abs=1e-6)
    assert users(placed, together.split()) == pytest.approx(expected, abs=1e-6)
    tokens = together.tokens_per_request()
    assert tokens == [draft.tokens_per_request()[0] for draft in alone]
    assert tokens == [draft.tokens_per_request()[0] for draft in together.split()]


QUERY = "blue  kettle"
WITH_QUERIES = [replace(PROFILES[0], query=QUERY), PROFILES[1], replace(PROFILES[3], query="lamp"), PROFILES[2]]


def test_a_query_is_the_user_vector_and_the_others_are_weighted_as_without_it(placed):
    placement, encoder = placed
    draft = placement.draft(WITH_QUERIES)
    assert draft.texts_per_request[[0, 2]].tolist() == [1, 1]
    encoded = forward_sorted(encoder, draft.prepared)[0]
    vectors = placement.user_vectors(WITH_QUERIES, encoded)
    assert vectors[[0, 2]] == pytest.approx(encoder.encode([QUERY, "lamp"]), abs=1e-6)
    plain = [PROFILES[1], PROFILES[2]]
    draft = placement.draft(plain)
    encoded = None if draft.prepared is None else forward_sorted(encoder, draft.prepared)[0]
    assert vectors[[1, 3]] == pytest.approx(placement.user_vectors(plain, encoded), abs=1e-6)


def test_queries_alone_or_split_from_a_batch_give_the_same_vectors(placed):
    placement, encoder = placed
    expected = None
    for drafts in (
        [placement.draft(WITH_QUERIES)],
        placement.draft(WITH_QUERIES).split(),
        [placement.draft([one]) for one in WITH_QUERIES],
    ):
        draft = Draft.join(drafts)
        vectors = placement.user_vectors(WITH_QUERIES, forward_sorted(encoder, draft.prepared)[0])
        expected = vectors if expected is None else expected
        assert vectors == pytest.approx(expected, abs=1e-6)
    only = WITH_QUERIES[:1]
    assert placement.user_vectors(only, encoder.forward(placement.draft(only).prepared)) == pytest.approx(
        expected[:1], abs=1e-6
    )


def test_vectors_that_are_put_are_undone_by_a_rewind(placed):
    """Item 7 becomes what "news" is: where vectors are looked up, its user changes; where texts are, they decide."""
    placement, encoder = placed
    before = users(placed, [placement.draft(PROFILES)])
    placement.put(np.array([7], np.int32), encoder.encode(["news"]))
    after = users(placed, [placement.draft(PROFILES)])
    looks_vectors_up = placement.draft(PROFILES).prepared is None
    assert (after[2] == pytest.approx(encoder.encode(["news"])[0], abs=1e-6)) == looks_vectors_up
    assert (after[[0, 1]] == before[[0, 1]]).all()
    placement.rewind()
    assert (users(placed, [placement.draft(PROFILES)]) == before).all()
