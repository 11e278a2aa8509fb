"""The kernel's files, parsed."""

import pytest

from bench.measure.knobs import Unreadable
from bench.measure.knobs.kernel_files import cpu_list, cpu_ticks, own_ticks, read_counter, read_each, read_number


@pytest.mark.parametrize(("text", "processors"), [("0", {0}), ("0-2,5", {0, 1, 2, 5}), ("", set()), ("3,1-1", {1, 3})])
def test_lists_of_processors(text, processors):
    assert cpu_list(text) == processors


@pytest.mark.parametrize("text", ["a", "1-b", "1;2"])
def test_what_is_no_list_of_processors(text):
    with pytest.raises(Unreadable, match="no number"):
        cpu_list(text)


def test_files_of_many_folders_come_in_the_order_of_their_numbers(tmp_path):
    for number in (10, 2, 0):
        folder = tmp_path / f"sys/cpu{number}"
        folder.mkdir(parents=True)
        (folder / "online").write_text(str(number))
    assert read_each(tmp_path, "sys/cpu[0-9]*/online") == [("cpu0", "0"), ("cpu2", "2"), ("cpu10", "10")]
    assert read_each(tmp_path, "sys/none*/online") == []


def test_ticks_count_busy_stolen_and_all(tmp_path):
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/stat").write_text("cpu  1 2 4 8 16 32 64 128 1 2\ncpu0 0\n")
    ticks = cpu_ticks(tmp_path)
    assert (ticks.busy, ticks.stolen, ticks.total) == (1 + 2 + 4 + 32 + 64, 128, 255), "guest time is user time already"
    (tmp_path / "proc/self/stat").write_text("7 (a ) b) S 1 2 3 4 5 6 7 8 9 10 30 12 13 14\n")
    assert own_ticks(tmp_path) == 30 + 12


def test_numbers_say_where_they_are_none(tmp_path):
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/x").write_text("pswpin many\nsize: 12 kB\n")
    assert read_counter(tmp_path, "proc/x", "size") == 12
    with pytest.raises(Unreadable, match='"many" in /proc/x is no number'):
        read_counter(tmp_path, "proc/x", "pswpin")
    with pytest.raises(Unreadable, match="/proc/x has no pswpout"):
        read_counter(tmp_path, "proc/x", "pswpout")
    with pytest.raises(Unreadable, match="/proc/y cannot be read"):
        read_number(tmp_path, "proc/y")
