"""What must hold of a simulated queue whatever comes, and what service times are made of."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_samples import EXPONENTIAL, FIXED, SERVICE_MS, poisson, times

from bench.analysis.plan.observations import FEEDBACK, INGEST, LIST, Observations
from bench.analysis.plan.queue import BatchLimits, Mix, simulate
from bench.analysis.plan.service_times import POINTS, TooFewBatches, service_times

SERVICE_NS = SERVICE_MS * 1e6
GAPS_NS = st.lists(st.integers(0, 20_000_000), min_size=1, max_size=60)
LENGTHS = st.integers(1, 9)


def run(due_ns, service=None, limits=None, servers=1, kinds=None):
    kinds = np.zeros(len(due_ns), np.int8) if kinds is None else kinds
    service = service or times(FIXED, more=8, per_request_ns=1e6)
    return simulate(due_ns, kinds, service, limits or BatchLimits(), servers, np.random.default_rng(0))


@given(gaps_ns=GAPS_NS, servers=st.integers(1, 4))
def test_one_more_server_makes_nobody_wait_longer(gaps_ns, servers):
    due_ns = np.cumsum(gaps_ns)
    assert (run(due_ns, servers=servers + 1) <= run(due_ns, servers=servers)).all()


@given(gaps_ns=GAPS_NS, more_ns=st.integers(0, 5_000_000))
def test_longer_service_makes_nobody_wait_less(gaps_ns, more_ns):
    due_ns, service = np.cumsum(gaps_ns), times(EXPONENTIAL)
    assert (run(due_ns, service.slower_by(more_ns)) >= run(due_ns, service)).all()


@given(gaps_ns=GAPS_NS, length=LENGTHS, servers=st.integers(1, 3), wait_ns=st.integers(0, 10_000_000))
def test_everybody_is_answered_after_a_service_time_at_least(gaps_ns, length, servers, wait_ns):
    limits = BatchLimits(length, max_wait_ns=wait_ns)
    assert (run(np.cumsum(gaps_ns), limits=limits, servers=servers) >= SERVICE_NS).all()


@settings(max_examples=10)
@given(seed=st.integers(0, 1000))
def test_more_replicas_are_never_worse_on_average(seed):
    due_ns = poisson(4_000, 300.0, seed)
    owner = np.random.default_rng(seed).integers(12, size=4_000)
    means = []
    for replicas in (2, 3, 4):  # 12 groups of users, dealt out anew
        response_ns = [run(due_ns[owner % replicas == own], times(FIXED)) for own in range(replicas)]
        means.append(np.concatenate(response_ns).mean())
    assert means[0] >= means[1] >= means[2]


def test_feedback_takes_its_own_time_and_an_ingest_lets_the_queue_leave_first():
    own = np.full(POINTS, 1e6)
    service = replace(times(FIXED, more=8), feedback_ns=own, ingest_ns=2 * own)
    kinds = np.array([LIST, FEEDBACK, LIST, INGEST, LIST], np.int8)
    one_by_one = run(np.zeros(5, np.int64), service, BatchLimits(), kinds=kinds)
    assert (one_by_one / 1e6).tolist() == [5, 6, 11, 13, 18]
    together = run(np.zeros(5, np.int64), service, BatchLimits(8), kinds=kinds)
    assert (together / 1e6).tolist() == [6, 1, 6, 8, 13]


def test_a_cached_text_takes_what_hits_take():
    rows = np.stack([np.full(POINTS, 1e6), np.full(POINTS, 9e6)])
    service = replace(
        times(FIXED), busy_ns=rows, idle_ns=rows, tokens=np.array([0, 0, 0, 5], np.int32), counts_hits=True
    )
    response_ms = run(np.arange(1, 2_001) * 100_000_000, service) / 1e6
    assert set(response_ms) == {1.0, 9.0}
    assert (response_ms == 1.0).mean() == pytest.approx(service.hit_share, abs=0.04)


def test_a_search_in_more_items_is_one_for_each_member_of_a_batch_cached_or_not():
    """Batches of 8, of which a quarter is encoded in 1 ms: 3 ms more for each of the 8."""
    service = replace(
        times(np.full(POINTS, 1e6), more=7), tokens=np.array([0, 0, 0, 5], np.int32), counts_hits=True
    ).slower_by(3e6)
    response_ms = run(np.zeros(8, np.int64), service, BatchLimits(8)) / 1e6
    assert response_ms.tolist() == [25.0] * 8
    assert service.most_per_s == pytest.approx(8 / 0.025)
    assert service.alone_ns(0.99) == 4e6


def test_a_smaller_catalogue_leaves_a_time_to_every_batch():
    service = times(FIXED, more=7).slower_by(-1e9)
    for limits in (BatchLimits(), BatchLimits(8)):
        assert (run(np.zeros(8, np.int64), service, limits) > 0).all()
    assert np.isfinite(service.most_per_s)


def test_kinds_come_in_the_shares_of_the_mix():
    kinds = Mix(0.3, 0.1).draw(20_000, np.random.default_rng(0))
    shares = np.bincount(kinds, minlength=3) / 20_000
    assert shares == pytest.approx([0.6, 0.3, 0.1], abs=0.02)


def seen(sizes, service_ms, after_idle=False, tokens=3):
    sizes = np.asarray(sizes)
    return Observations(
        members=sizes,
        encoded=sizes,
        service_ns=(np.asarray(service_ms) * 1e6).astype(np.int64),
        after_idle=np.full(len(sizes), after_idle),
        feedback_ns=np.zeros(0, np.int64),
        ingest_ns=np.zeros(0, np.int64),
        tokens=np.full(int(sizes.sum()), tokens, np.int32),
    )


def test_sizes_between_are_interpolated_and_sizes_beyond_go_on():
    sizes = np.repeat([1, 4], 30)
    table = service_times(seen(sizes, 2.0 + sizes), 8, has_cache=False)
    assert table.measured == (1, 4)
    assert (table.busy_ns.mean(axis=1) / 1e6).tolist() == pytest.approx([3, 3, 4, 5, 6, 7, 8, 9, 10])


def test_one_size_alone_is_taken_so_many_times():
    table = service_times(seen([1] * 30, [3.0] * 30), 4, has_cache=False)
    assert (table.busy_ns.mean(axis=1) / 1e6).tolist() == pytest.approx([3, 3, 6, 9, 12])


def test_waking_up_is_told_apart():
    idle, busy = seen([1] * 30, [4.0] * 30, after_idle=True), seen(np.repeat([1, 2], 30), np.repeat([3.0, 5.0], 30))
    names = Observations.__dataclass_fields__
    both = Observations(**{name: np.concatenate([getattr(idle, name), getattr(busy, name)]) for name in names})
    table = service_times(both, 2, has_cache=False)
    assert (table.busy_ns.mean(axis=1)[1:] / 1e6).tolist() == pytest.approx([3, 5])
    assert (table.idle_ns.mean(axis=1)[1:] / 1e6).tolist() == pytest.approx([4, 6])


def test_slow_spells_stay_together():
    slow = np.repeat([1.0, 9.0, 1.0, 9.0], 200)
    table = service_times(seen(np.ones(800, int), slow), 1, has_cache=False)
    drawn_ns = table.busy_ns[1][table.draw(4_000, np.random.default_rng(1))]
    assert (np.diff(drawn_ns) != 0).mean() < 0.05
    assert drawn_ns.mean() == pytest.approx(slow.mean() * 1e6, rel=0.35)


def test_too_few_batches_are_no_sample():
    with pytest.raises(TooFewBatches, match="none of a size that came 20 times"):
        service_times(seen([1] * 5, [1.0] * 5), 1, has_cache=False)
