"""The queue of a service: bounded, in order, drained at its end, and true to the protocol of an inbox."""

import threading

import pytest

from bench.clock import MonotonicClock
from recsys.serving.protocols import STAGES
from recsys.serving.queue_inbox import QueueBusy, QueueClosed, QueueFull, QueueInbox
from recsys.types import Recommendation, Request, RequestKind

NO_LIST = Recommendation((), (), None)  # type: ignore[arg-type]
MS = 1_000_000


def ask(user=0, kind=RequestKind.RECOMMEND):
    return Request(0, kind, user, 0, item=1)


def inbox(capacity=10):
    return QueueInbox(MonotonicClock(), capacity)


def nobody(ticket):
    pass


def test_requests_leave_in_the_order_in_which_they_came_under_rows_of_their_own():
    queue = inbox()
    for user in (5, 3, 9):
        queue.offer(ask(user), nobody)
    taken = [*queue.take(2), *queue.take(2)]
    assert [request.user for request in taken] == [5, 3, 9]
    assert len({request.row for request in taken}) == 3
    assert queue.poll(1) == []


def test_a_full_queue_refuses_and_takes_again_when_it_has_room():
    queue = inbox(capacity=2)
    queue.offer(ask(), nobody)
    queue.send(lambda: None)
    with pytest.raises(QueueFull):
        queue.offer(ask(), nobody)
    queue.take(1)
    queue.offer(ask(), nobody)


def test_a_closed_queue_refuses_and_is_finished_by_its_workers():
    queue = inbox()
    queue.offer(ask(1), nobody)
    queue.close()
    with pytest.raises(QueueClosed):
        queue.offer(ask(), nobody)
    with pytest.raises(QueueClosed):
        queue.send(lambda: None)
    assert [request.user for request in queue.take(5, max_wait_ns=10**12)] == [1], "nothing more can come"
    assert queue.take(1) == []


def test_an_answer_finds_its_ticket_and_the_stages_add_up_exactly():
    queue, ended = inbox(), []
    queue.offer(ask(), ended.append)
    [request] = queue.take(1)
    queue.tracer.mark("clean", [request.row])
    queue.tracer.mark("encode", [request.row])
    queue.tracer.tokens([request.row], [7])
    queue.done([request.row], [NO_LIST])
    [ticket] = ended
    assert ticket.answer is NO_LIST and ticket.error is None and ticket.tokens == 7
    lengths_ns = ticket.lengths_ns()
    assert list(lengths_ns) == ["queue", "clean", "encode"], [stage for stage in STAGES if stage in lengths_ns]
    assert sum(lengths_ns.values()) == ticket.ended_ns - ticket.arrived_ns
    assert min(lengths_ns.values()) >= 0


def test_a_failure_reaches_its_ticket():
    queue, ended = inbox(), []
    queue.offer(ask(), ended.append)
    error = ValueError("broken")
    queue.failed([queue.take(1)[0].row], error)
    assert ended[0].error is error
    assert queue.in_flight == 0


def test_what_nobody_waits_for_any_more_is_not_begun():
    queue = inbox()
    first = queue.offer(ask(1), nobody)
    queue.offer(ask(2), nobody)
    queue.withdraw(first)
    assert [request.user for request in queue.take(5)] == [2]
    queue.withdraw(first)


def test_a_lone_request_waits_for_company_and_not_longer_than_asked():
    queue, clock = inbox(), MonotonicClock()
    ticket = queue.offer(ask(1), nobody)
    assert len(queue.take(2, max_wait_ns=30 * MS)) == 1
    assert clock.now_ns() - ticket.arrived_ns >= 30 * MS
    queue.offer(ask(2), nobody)
    queue.offer(ask(3), nobody)
    assert len(queue.take(2, max_wait_ns=10**12)) == 2, "a full batch leaves at once"


def test_more_is_waited_for_until_the_oldest_has_waited_its_time():
    queue, clock = inbox(), MonotonicClock()
    ticket = queue.offer(ask(1), nobody)
    [first] = queue.take(1)
    assert queue.take_more(4, first.row, 20 * MS) == []
    assert clock.now_ns() - ticket.arrived_ns >= 20 * MS
    threading.Timer(0.02, queue.offer, (ask(2), nobody)).start()
    assert [request.user for request in queue.take_more(4, first.row, 10**12)] == [2]


def test_feedback_and_ingests_keep_their_places():
    queue = inbox()
    for kind in (RequestKind.RECOMMEND, RequestKind.FEEDBACK, RequestKind.RECOMMEND, RequestKind.INGEST):
        queue.offer(ask(1, kind), nobody)
    [asked] = queue.take(1)
    assert queue.poll(5) == [], "the user's feedback waits for the list before it"
    queue.done([asked.row], [NO_LIST])
    together = queue.poll(5)
    assert [request.kind for request in together] == [RequestKind.FEEDBACK, RequestKind.RECOMMEND]
    assert queue.poll(5) == [], "an ingest waits until nothing is in flight"
    queue.done([request.row for request in together], [None, NO_LIST])
    assert [request.kind for request in queue.poll(5)] == [RequestKind.INGEST]


def test_an_errand_is_done_by_a_worker_between_requests_and_while_it_waits():
    queue, done = inbox(), []
    worker = threading.Thread(target=lambda: queue.take(1))
    worker.start()
    happened = threading.Event()
    queue.send(lambda: (done.append(threading.get_ident()), happened.set()))
    assert happened.wait(5)
    assert done == [worker.ident]
    queue.close()
    worker.join(5)
    assert not worker.is_alive()


def test_the_world_is_changed_only_at_rest():
    queue = inbox()
    with queue.at_rest():
        pass
    queue.offer(ask(), nobody)
    with pytest.raises(QueueBusy), queue.at_rest():
        pass
    row = queue.take(1)[0].row
    with pytest.raises(QueueBusy), queue.at_rest():
        pass
    queue.done([row], [NO_LIST])
    with queue.at_rest():
        pass


def test_many_threads_lose_and_double_nothing():
    queue, ended, lock = inbox(capacity=10_000), [], threading.Lock()

    def end(ticket):
        with lock:
            ended.append(ticket.request.user)

    def work():
        while requests := queue.take(7):
            queue.done([request.row for request in requests], [NO_LIST] * len(requests))

    workers = [threading.Thread(target=work) for _ in range(3)]
    clients = [threading.Thread(target=lambda low=low: [queue.offer(ask(low + n), end) for n in range(300)])
               for low in (0, 1000, 2000)]  # fmt: skip
    for thread in (*workers, *clients):
        thread.start()
    for thread in clients:
        thread.join()
    queue.close()
    for thread in workers:
        thread.join(10)
    assert sorted(ended) == sorted(low + n for low in (0, 1000, 2000) for n in range(300))
    assert queue.waiting == queue.in_flight == 0
