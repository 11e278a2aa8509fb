"""What several workers took together: as long as the one who was busy longest."""

import numpy as np
import pytest

from bench.experiments.encode_catalogue.shard import ShardReport
from bench.experiments.encode_catalogue.study import Tally

TEXTS = np.array([3, 4], np.int64)


@pytest.mark.parametrize(
    ("busy", "encode_s"),
    [
        ([("one", 2.0)], 2.0),
        ([("one", 2.0), ("one", 1.0)], 3.0),
        ([("one", 2.0), ("other", 3.0), ("one", 2.0)], 4.0),
    ],
)
def test_a_worker_without_a_shard_makes_nothing_faster(busy, encode_s):
    tally = Tally(None)
    for number, (worker, seconds) in enumerate(busy):
        tally.add(ShardReport(number, 2, TEXTS, round(seconds * 1e9), worker))
    assert tally.encode_s == pytest.approx(encode_s)
    assert (tally.shards, tally.texts, tally.tokens) == (len(busy), 2 * len(busy), 7 * len(busy))
