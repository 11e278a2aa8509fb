"""A million short texts by two workers of Ray, killed once and made again: the bytes of one process."""

from importlib.util import find_spec

import pytest
from many_texts import files_of, kill_after, words, write_many

from bench.cli import main

pytestmark = [
    pytest.mark.verify,
    pytest.mark.skipif(find_spec("ray") is None, reason="the extra ray is not installed"),
]
N = 1_000_000


def test_a_million_texts_killed_once_are_the_same_bytes(tmp_path):
    place, here, there = write_many(tmp_path, N), tmp_path / "local", tmp_path / "ray"
    ray = ("--shard-texts", "4096", "--engine", "ray", "--engine-set", "workers=2")
    kill_after(20, words(place, there, "hashing", *ray), there, limit_s=600)
    assert 20 <= len(list(there.glob("shard-*"))) < 220, "900,000 different texts"
    assert main(words(place, there, "hashing", *ray)) == 0
    assert main(words(place, here, "hashing", "--shard-texts", "4096")) == 0
    mine, theirs = files_of(here), files_of(there)
    assert mine.keys() == theirs.keys() and len(mine) == 221
    assert all(mine[name] == theirs[name] for name in mine)
