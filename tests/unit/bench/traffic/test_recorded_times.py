"""Recorded times are read exactly, from any format, and what is no time is refused by its row."""

import gzip

import numpy as np
import pyarrow as pa
import pytest
from arrival_draws import write_recording
from pyarrow import parquet

from bench.traffic.recorded_times import read_times_ns
from recsys.errors import DataError

START_S = 1_700_158_623
ISO_CELLS = ["2023-11-16 18:17:03.9799600", "2023-11-16T18:17:04Z", "2023-11-16T19:17:04.123456789+01:00"]
ISO_NS = [START_S * 10**9 + 979_960_000, (START_S + 1) * 10**9, (START_S + 1) * 10**9 + 123_456_789]


def read(folder, cells, unit="s"):
    return read_times_ns(write_recording(folder, cells), "timestamp", unit).tolist()


@pytest.mark.parametrize(
    ("unit", "cells", "expected_ns"),
    [
        ("s", ["1700158623.979960001", "1700158624", "1.7001586251e9"], [979_960_001, 10**9, 2_100_000_000]),
        ("ms", ["1700158623000.000001", "1700158624000"], [1, 10**9]),
        ("us", ["1700158623000000.5", "1700158624000001"], [500, 10**9 + 1000]),
        ("ns", ["1700158623000000007", "1700158624000000000"], [7, 10**9]),
    ],
)
def test_numbers_are_read_to_the_last_ns(tmp_path, unit, cells, expected_ns):
    """Seconds since 1970 as a float would be off by 100 ns."""
    assert read(tmp_path, cells, unit) == [START_S * 10**9 + offset_ns for offset_ns in expected_ns]


def test_iso_times_are_read_with_and_without_fraction_and_zone(tmp_path):
    assert read(tmp_path, ISO_CELLS) == ISO_NS
    assert read(tmp_path, ISO_CELLS[1:2] * 2, "ms") == ISO_NS[1:2] * 2, "the unit is that of numbers; ties are kept"


def test_rows_in_any_order_are_sorted(tmp_path):
    assert read(tmp_path, ["3", "1", "2", "1"]) == [10**9, 10**9, 2 * 10**9, 3 * 10**9]


def test_gzip_and_csv_hold_the_same(tmp_path):
    plain = write_recording(tmp_path, ISO_CELLS)
    packed = tmp_path / "arrivals.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read_times_ns(packed, "timestamp", "s").tolist() == read_times_ns(plain, "timestamp", "s").tolist()


@pytest.mark.parametrize(
    "column",
    [
        pa.array(ISO_NS, pa.timestamp("ns")),
        pa.array(ISO_NS, pa.timestamp("ns", "UTC")),
        pa.array([(time_ns // 1000) * 1000 for time_ns in ISO_NS], pa.int64()).cast(pa.timestamp("ns", "+05:00")),
        pa.array(ISO_CELLS),
        pa.array(ISO_CELLS).dictionary_encode(),
    ],
    ids=["naive", "zoned", "offset", "text", "dictionary"],
)
def test_parquet_times_of_any_type_are_read(tmp_path, column):
    parquet.write_table(pa.table({"at": column}), tmp_path / "arrivals.parquet")
    times_ns = read_times_ns(tmp_path / "arrivals.parquet", "at", "s")
    assert times_ns.tolist() == pytest.approx(ISO_NS, abs=999)


@pytest.mark.parametrize("kind", [pa.int64(), pa.int32(), pa.float64()])
def test_parquet_numbers_are_read(tmp_path, kind):
    parquet.write_table(pa.table({"at": pa.array([0, 250, 1000], kind)}), tmp_path / "arrivals.pq")
    assert read_times_ns(tmp_path / "arrivals.pq", "at", "ms").tolist() == [0, 250_000_000, 10**9]


def test_a_file_is_read_once_until_it_changes(tmp_path):
    first = read_times_ns(write_recording(tmp_path, ["1", "2"]), "timestamp", "s")
    assert read_times_ns(tmp_path / "arrivals.csv", "timestamp", "s") is first
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 0
    parquet.write_table(pa.table({"at": [1, 2]}), tmp_path / "arrivals.parquet")
    assert read(tmp_path, ["5", "6", "7"]) == [5 * 10**9, 6 * 10**9, 7 * 10**9]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["1", "2", "soon", ""], ["row 3", '"soon"', "no time in s", "2 of 4 rows", "Next:"]),
        (["2023-11-16", "17"], ["row 2", '"17"', "no ISO 8601 time", "1 of 2 rows"]),
        (["2023-11-16", "3000-01-01"], ["row 2", '"3000-01-01"']),
        (["nan", "1"], ["row 1", '"nan"']),
        (["1700158623000", "1700158624000"], ["row 1", "no time in s", "say its unit (s, ms, us, ns)"]),
        (["x" * 1000], ["row 1", f'"{"x" * 60}"']),
        ([], ["no rows", "Next:"]),
    ],
)
def test_rows_that_are_no_time_are_refused_by_number_and_content(tmp_path, cells, words):
    with pytest.raises(DataError) as error:
        read(tmp_path, cells)
    assert all(word in str(error.value) for word in ["arrivals.csv", *words])


def test_a_blank_cell_of_parquet_is_refused(tmp_path):
    parquet.write_table(pa.table({"at": pa.array([1, None], pa.int64())}), tmp_path / "arrivals.parquet")
    with pytest.raises(DataError, match=r'row 2 of column "at" holds ""'):
        read_times_ns(tmp_path / "arrivals.parquet", "at", "s")


@pytest.mark.parametrize("name", ["arrivals.csv", "arrivals.parquet"])
def test_a_column_that_is_not_there_is_refused_with_those_that_are(tmp_path, name):
    write_recording(tmp_path, ["1"], column="TIMESTAMP")
    parquet.write_table(pa.table({"n": [1], "TIMESTAMP": [1]}), tmp_path / "arrivals.parquet")
    with pytest.raises(DataError, match=r'no column "timestamp".*Known: n, TIMESTAMP.*Next:.*column = "'):
        read_times_ns(tmp_path / name, "timestamp", "s")


@pytest.mark.parametrize("name", ["arrivals.csv.gz", "arrivals.parquet"])
def test_a_damaged_file_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"nothing of the kind")
    with pytest.raises(DataError, match=r"cannot be read as .*Next:"):
        read_times_ns(tmp_path / name, "timestamp", "s")


def test_a_column_of_lists_is_refused(tmp_path):
    parquet.write_table(pa.table({"at": [[1], [2]]}), tmp_path / "arrivals.parquet")
    with pytest.raises(DataError, match=r"Next:"):
        read_times_ns(tmp_path / "arrivals.parquet", "at", "s")


def test_times_far_apart_are_exact(tmp_path):
    years = read(tmp_path, ["1970-01-01T00:00:00.000000001", "2100-01-01"])
    assert np.diff(years).tolist() == [4_102_444_800 * 10**9 - 1]
