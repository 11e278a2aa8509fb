"""What users did, beyond who met what: dwell, quantities, marks, visits and words of their own."""

from pathlib import Path

import numpy as np
import pytest

from recsys.data.loading import load_dataset
from recsys.errors import DataError
from recsys.types import EventKind

ITEMS = "item_id,title\na,Red kettle\nb,Blue teapot\n"


def load(folder: Path, interactions: str, kind: str = "csv", **options: object):
    (folder / "items.csv").write_text(ITEMS, encoding="utf-8")
    (folder / "interactions.csv").write_text(interactions, encoding="utf-8")
    return load_dataset(kind, data_dirs=[], path=str(folder), **options)


def test_each_kind_has_its_own_amount(tmp_path):
    dataset = load(
        tmp_path,
        "timestamp,user_id,item_id,event_kind,dwell_s,quantity,rating\n"
        "1,u,a,browse,12.5,9,9\n2,u,a,click,30,,\n3,u,a,click,,3,\n4,u,b,purchase,7,3,\n5,u,b,rating,,,4\n6,u,a,rating,,,1\n",
        positive_from=3,
    )
    assert dataset.events.amount.dtype == np.float32
    assert dataset.events.amount.tolist() == pytest.approx([12.5, 30, np.nan, 3, 0.8, 0.2], nan_ok=True)
    assert dataset.events.kind.tolist() == [0, 1, 1, 2, EventKind.RATING, EventKind.DISLIKE]
    assert dataset.events.take(slice(3, 5)).amount.tolist() == pytest.approx([3, 0.8])


def test_without_amounts_there_is_no_column_of_them(tmp_path):
    assert load(tmp_path, "timestamp,user_id,item_id\n1,u,a\n").events.amount is None
    assert load(tmp_path, "timestamp,user_id,item_id,quantity\n1,u,a,5\n").events.amount is None, "a click has none"


def test_amounts_are_part_of_the_identity(tmp_path):
    log = "timestamp,user_id,item_id,dwell_s\n1,u,a,{}\n"
    hashes = {load(tmp_path, log.format(dwell)).sha256 for dwell in ("", "5", "6")}
    assert len(hashes) == 3


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ("browse,-2,,", r'dwell_s cannot be read \(dwell_s "-2"\)'),
        ("click,long,,", r'dwell_s cannot be read \(dwell_s "long"\)'),
        ("purchase,,inf,", r'quantity cannot be read \(quantity "inf"\)'),
        ("rating,,,", r'rating without a mark \(item_id "a"\)'),
        ("rating,,,7", r'rating above the best mark, 5 \(rating "7"\)'),
    ],
)
def test_an_invalid_amount_is_named_or_left_out(tmp_path, cells, message):
    log = f"timestamp,user_id,item_id,event_kind,dwell_s,quantity,rating\n1,u,b,click,,,\n2,u,a,{cells}\n"
    with pytest.raises(DataError, match=rf"interactions\.csv:3: {message}; 1 of 2 rows"):
        load(tmp_path, log)
    assert len(load(tmp_path, log, invalid_rows="drop").events) == 1


def test_a_cell_that_is_not_an_events_amount_is_not_looked_at(tmp_path):
    log = "timestamp,user_id,item_id,event_kind,dwell_s,quantity\n1,u,a,purchase,soon,2\n"
    assert load(tmp_path, log).events.amount.tolist() == [2]


def test_ratings_need_their_column(tmp_path):
    log = "timestamp,user_id,item_id,stars\n1,u,a,4\n"
    with pytest.raises(DataError, match='no column "rating" for rating'):
        load(tmp_path, log, default_event_kind="rating")
    dataset = load(tmp_path, log, default_event_kind="rating", event_columns={"rating": "stars"}, best_rating=10)
    assert dataset.events.amount.tolist() == pytest.approx([0.4])


def test_recorded_sessions_stay_with_their_events_when_these_are_sorted(tmp_path):
    log = "timestamp,user_id,item_id,session_id\n30,u,a,late\n10,u,a,early\n20,v,b,other\n11,u,b,early\n"
    first, second, other, late = load(tmp_path, log).sessions.tolist()
    assert first == second
    assert len({first, other, late}) == 3
    with pytest.raises(DataError, match=r"interactions\.csv:2: no session id; 1 of 1 rows"):
        load(tmp_path, "timestamp,user_id,item_id,session_id\n30,u,a,\n")


def test_a_basket_is_a_session_and_quantities_are_read_on_demand(tmp_path):
    log = "timestamp,user_id,item_id,session_id,quantity\n10,u,a,x,6\n10,u,b,x,2\n20,u,a,y,1\n"
    dataset = load(tmp_path, log, "online_retail")
    assert dataset.sessions.tolist() == [0, 0, 1]
    assert dataset.events.amount is None
    weighed = load(tmp_path, log, "online_retail", event_columns={"quantity": "quantity"})
    assert weighed.events.amount.tolist() == [6, 2, 1]
    assert weighed.sha256 != dataset.sha256


def test_sessions_end_after_half_an_hour_without_an_event(tmp_path):
    log = "timestamp,user_id,item_id\n0,u,a\n100,v,a\n1800,u,b\n1900,v,a\n3601,u,a\n3700,v,a\n"
    first_u, first_v, same_u, same_v, next_u, same_v_again = load(tmp_path, log).sessions.tolist()
    assert first_u == same_u, "1,800 s are no break"
    assert next_u not in (first_u, first_v), "1,801 s are one"
    assert first_v == same_v == same_v_again


def test_own_words_are_kept_where_they_are_asked_for(tmp_path):
    log = 'timestamp,user_id,item_id,text\n9,u,a,"Does it, boil?"\n5,u,b,\n1,v,a,lovely\n'
    assert load(tmp_path, log).texts == {}
    dataset = load(tmp_path, log, keep_texts=True)
    assert dataset.texts == {0: "lovely", 2: "Does it, boil?"}, "in time order"
    assert dataset.sha256 != load(tmp_path, log).sha256


def test_a_row_longer_than_a_block_is_refused_with_its_limit(tmp_path):
    log = f"timestamp,user_id,item_id,text\n1,u,a,{'x' * 200_000}\n"
    with pytest.raises(DataError, match="rows of less than 65,536 bytes"):
        load(tmp_path, log)
    assert len(load(tmp_path, log, keep_texts=True).texts[0]) == 200_000
