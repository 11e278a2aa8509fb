"""What every data set promises, whichever file it stands in."""

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from recsys.data import DATASETS, Dataset
from recsys.data.csv import CsvOptions
from recsys.data.loading import check_options, load_dataset
from recsys.errors import BadOptions, DataError
from recsys.types import EventKind

ITEMS = "item_id,title\na,Red kettle\nb,Blue teapot\nc,Green cup\n"
INTERACTIONS = "timestamp,user_id,item_id\n10,u1,a\n20,u2,b\n20,u1,c\n30,u1,a\n40,u2,c\n"


def write_sample(kind: str, folder: Path) -> None:
    """Files of this kind, as small as can be, where its default options look for them."""
    options = check_options(kind, {})
    if isinstance(options, CsvOptions):
        (folder / options.path).mkdir(parents=True, exist_ok=True)
        (folder / options.path / options.items).write_text(ITEMS, encoding="utf-8")
        (folder / options.path / options.interactions).write_text(INTERACTIONS, encoding="utf-8")


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
    if isinstance(check_options(kind, {}), CsvOptions):
        with pytest.raises(DataError, match="not found"):
            load_dataset(kind, data_dirs=[tmp_path / "empty"])
