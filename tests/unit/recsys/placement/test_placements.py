"""What the encoder has to read under each placement, and what becomes of it."""

import numpy as np
import pytest
from small_data import make_items

from recsys.catalogue import Catalogue
from recsys.encoders import build_encoder
from recsys.features.profile import Profile
from recsys.placement import PLACEMENTS, Draft
from recsys.types import TokenIds


def profile(*items):
    rows = np.array(items, np.int32)
    return Profile(rows, np.full(len(rows), 1 / max(1, len(rows)), np.float32), np.unique(rows))


class Listening:
    """An encoder that remembers what it was asked to prepare."""

    def __init__(self):
        self.inner = build_encoder("fake")
        self.info = self.inner.info
        self.texts = []

    def prepare(self, texts):
        self.texts.extend(texts)
        return self.inner.prepare(texts)


def place(kind):
    catalogue, encoder = Catalogue.of(make_items(6)), Listening()
    vectors = encoder.inner.encode(catalogue.texts)
    return PLACEMENTS.get(kind)(catalogue, encoder, vectors), catalogue, encoder, vectors


def test_profile_reads_one_text_a_user_titles_oldest_first():
    placement, catalogue, encoder, _ = place("profile")
    draft = placement.draft([profile(4, 1), profile()])
    assert encoder.texts == [f"{catalogue.titles[4]}, {catalogue.titles[1]}", ""]
    assert draft.texts_per_request.tolist() == [1, 1]
    vectors = encoder.inner.forward(draft.prepared)
    assert placement.user_vectors([profile(4, 1), profile()], vectors) is vectors


def test_items_reads_one_text_an_item_and_averages():
    placement, catalogue, encoder, vectors = place("items")
    profiles = [profile(4, 1), profile(), profile(2)]
    draft = placement.draft(profiles)
    assert encoder.texts == [catalogue.texts[4], catalogue.texts[1], catalogue.texts[2]]
    assert draft.texts_per_request.tolist() == [2, 0, 1]
    users = placement.user_vectors(profiles, encoder.inner.forward(draft.prepared))
    mean = vectors[4] + vectors[1]
    assert users == pytest.approx(np.stack([mean / np.linalg.norm(mean), np.zeros(16), vectors[2]]), abs=1e-6)


@pytest.mark.parametrize("kind", ["none", "offline"])
def test_offline_reads_nothing_and_looks_vectors_up(kind):
    placement, _, encoder, vectors = place(kind)
    draft = placement.draft([profile(4, 1), profile()])
    assert (draft.prepared, encoder.texts) == (None, [])
    assert draft.tokens_per_request() == [0, 0]
    users = placement.user_vectors([profile(4, 1), profile()], None)
    mean = vectors[4] + vectors[1]
    assert users == pytest.approx(np.stack([mean / np.linalg.norm(mean), np.zeros(16)]), abs=1e-6)


def test_a_draft_is_split_and_joined_without_loss():
    ids = TokenIds.from_lists([[1, 2], [3], [4, 5, 6]])
    draft = Draft(ids, np.array([2, 0, 1], np.int64))
    assert draft.tokens_per_request() == [3, 0, 3]
    parts = draft.split()
    assert [part.tokens_per_request() for part in parts] == [[3], [0], [3]]
    joined = Draft.join(parts)
    assert joined.texts_per_request.tolist() == [2, 0, 1]
    assert joined.prepared.ids.tolist() == ids.ids.tolist()
    assert joined.prepared.offsets.tolist() == ids.offsets.tolist()


def test_a_draft_without_texts_splits_into_drafts_without_texts():
    parts = Draft(None, np.zeros(2, np.int64)).split()
    assert [(part.prepared, part.texts_per_request.tolist()) for part in parts] == [(None, [0])] * 2
    assert Draft.join(parts).tokens_per_request() == [0, 0]
