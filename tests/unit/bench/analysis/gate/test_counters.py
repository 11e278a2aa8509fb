from gate_samples import sample

from bench.analysis.gate.counters import CounterChange, counted, counter_changes
from bench.analysis.gate.samples import Side


def changes(base, head):
    sides = {
        side: counted(
            [sample(side, part, turn, counters=counts) for part in (0, 1) for turn, counts in enumerate(both)], side
        )
        for side, both in ((Side.BASE, base), (Side.HEAD, head))
    }
    return counter_changes(sides[Side.BASE], sides[Side.HEAD])


def test_equal_counters_are_no_change():
    assert changes([{"tokens": 7}, {"tokens": 7}], [{"tokens": 7}, {"tokens": 7}]) == []


def test_one_more_call_is_a_change_for_the_worse_and_is_summed_over_what_both_served():
    (change,) = changes([{"encoder_calls": 7}] * 2, [{"encoder_calls": 8}] * 2)
    assert (change.counter, change.base, change.head, change.is_worse) == ("encoder_calls", 14, 16, True)


def test_fewer_cache_hits_are_worse_and_fewer_tokens_better():
    lost, saved = changes([{"cache_hits": 5, "tokens": 9}] * 2, [{"cache_hits": 4, "tokens": 8}] * 2)
    assert (lost.counter, lost.is_worse) == ("cache_hits", True)
    assert (saved.counter, saved.is_worse) == ("tokens", False)


def test_a_counter_that_equal_processes_disagree_on_says_nothing():
    assert changes([{"padded_tokens": 5}, {"padded_tokens": 6}], [{"padded_tokens": 9}] * 2) == []
    assert changes([{"padded_tokens": 9}] * 2, [{"padded_tokens": 5}, {"padded_tokens": 6}]) == []


def test_a_counter_that_one_side_alone_knows_says_nothing():
    assert changes([{"tokens": 7}] * 2, [{"tokens": 7, "rerank_calls": 3}] * 2) == []
    assert changes([{"tokens": 7, "rerank_calls": 3}] * 2, [{"tokens": 7}] * 2) == []


def test_work_that_moved_from_one_stretch_to_another_is_no_more_work():
    sides = [
        counted([sample(side, part, counters={"cache_hits": hits[part]}) for part in (0, 1)], side)
        for side, hits in ((Side.BASE, (5, 7)), (Side.HEAD, (7, 5)))
    ]
    assert counter_changes(*sides) == []
    assert not CounterChange("a", "single_stream", "cache_hits", 12, 12).is_worse
