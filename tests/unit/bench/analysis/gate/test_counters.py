from gate_samples import sample

from bench.analysis.gate.counters import counted, counter_changes
from bench.analysis.gate.samples import Side


def changes(base, head):
    sides = {
        side: counted(
            [sample(side, part, turn, counters=counts) for part in (0, 1) for turn, counts in enumerate(both)], side
        )
        for side, both in ((Side.BASE, base), (Side.HEAD, head))
    }
    unsteady = sides[Side.BASE].unsteady | sides[Side.HEAD].unsteady
    return counter_changes(sides[Side.BASE].counters, sides[Side.HEAD].counters, unsteady)


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
