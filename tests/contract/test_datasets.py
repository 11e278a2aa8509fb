"""What every data set promises, whichever file it stands in."""

import numpy as np
import pytest
from data_samples import sample_files, write_sample
from pydantic import ValidationError

from recsys.data import DATASETS, Dataset
from recsys.data.loading import check_options, load_dataset
from recsys.errors import BadOptions, DataError
from recsys.types import EventKind


@pytest.fixture(params=DATASETS.kinds())
def kind(request) -> str:
    return request.param


@pytest.fixture
def dataset(kind, tmp_path) -> Dataset:
    write_sample(kind, tmp_path)
    return load_dataset(kind, data_dirs=[tmp_path])


def test_lists_itself_without_being_imported(kind):
    entry = DATASETS.entry(kind)
    assert len(entry.summary) > 20
    assert entry.summary.endswith((".", ";", ","))


def test_options_are_frozen_and_strict(kind):
    options = check_options(kind, {})
    with pytest.raises(ValidationError):
        setattr(options, next(iter(type(options).model_fields)), None)
    with pytest.raises(BadOptions, match="no_such_option"):
        check_options(kind, {"no_such_option": 1})
    assert (type(options).__doc__ or "").strip()


def test_items_can_be_recommended(dataset):
    assert dataset.items
    assert len({item.item_id for item in dataset.items}) == len(dataset.items)
    assert all(item.title.strip() or item.text.strip() for item in dataset.items)


def test_events_are_sound(dataset):
    events = dataset.events
    assert len(events)
    assert (np.diff(events.timestamp_s) >= 0).all()
    assert [column.dtype for column in (events.timestamp_s, events.user, events.item, events.kind)] == [
        np.int64, np.int32, np.int32, np.int8,
    ]  # fmt: skip
    assert {len(column) for column in (events.user, events.item, events.kind)} == {len(events)}
    assert 0 <= events.user.min() <= events.user.max() < len(dataset.user_ids)
    assert 0 <= events.item.min() <= events.item.max() < len(dataset.items)
    assert set(events.kind.tolist()) <= set(EventKind)
    assert len(set(dataset.user_ids)) == len(dataset.user_ids)


def test_what_goes_with_events_has_a_place_for_each(dataset):
    n, amount = len(dataset.events), dataset.events.amount
    assert amount is None or (amount.dtype == np.float32 and len(amount) == n and not (amount < 0).any())
    assert dataset.sessions.dtype == np.int32
    assert len(dataset.sessions) == n
    assert set(dataset.texts) <= set(range(n))
    assert all(text.strip() for text in dataset.texts.values())


def test_no_session_has_two_users(dataset):
    pairs = set(zip(dataset.sessions.tolist(), dataset.events.user.tolist(), strict=True))
    assert len(pairs) == len(set(dataset.sessions.tolist()))


def test_impressions_are_lists_of_items_in_time_order(dataset):
    shown = dataset.impressions
    if shown is None:
        return
    assert (np.diff(shown.timestamp_s) >= 0).all()
    assert len(shown.offsets) == len(shown) + 1
    assert shown.offsets[-1] == len(shown.items) == len(shown.clicked)
    assert 0 <= shown.items.min() <= shown.items.max() < len(dataset.items)
    assert 0 <= shown.user.min() <= shown.user.max() < len(dataset.user_ids)


def test_no_event_before_its_item_is_published(dataset):
    published_s = np.array([item.published_s or 0 for item in dataset.items])
    assert (published_s[dataset.events.item] <= dataset.events.timestamp_s).all()


def test_same_content_same_hash(kind, dataset, tmp_path):
    again = load_dataset(kind, data_dirs=[tmp_path])
    assert len(dataset.sha256) == 64
    assert again.sha256 == dataset.sha256
    assert again.items == dataset.items


def test_names_no_folder(dataset, tmp_path):
    assert dataset.name
    assert str(tmp_path) not in " ".join([dataset.name, dataset.licence, *dataset.warnings])


def test_missing_files_are_a_data_error(kind, tmp_path):
    if sample_files(kind):
        with pytest.raises(DataError, match="not found"):
            load_dataset(kind, data_dirs=[tmp_path / "empty"])
