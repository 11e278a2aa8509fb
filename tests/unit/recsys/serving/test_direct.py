"""Direct serving: one request at a time."""

import numpy as np
from virtual_service import TimedRecommender

from bench.clock import VirtualClock
from bench.measure.recorder import Outcome, Recorder
from bench.traffic.inbox import ScheduledInbox
from recsys.serving.direct import DirectOptions, DirectServing
from recsys.types import Request, RequestKind


def test_requests_are_served_one_by_one_and_feedback_in_its_place():
    clock = VirtualClock()
    kinds = [RequestKind.RECOMMEND, RequestKind.FEEDBACK, RequestKind.RECOMMEND]
    requests = [Request(row, kind, 0, row) for row, kind in enumerate(kinds)]
    recorder = Recorder(3, 1, clock)
    recommender = TimedRecommender(clock, [10, 0, 10])
    DirectServing(DirectOptions()).serve(
        ScheduledInbox(requests, np.zeros(3, np.int64), clock, recorder), recommender, recorder
    )
    assert recommender.journal == [
        ("begin", (0,)), ("finish", (0,)), ("feedback", (1,)), ("begin", (2,)), ("finish", (2,)),
    ]  # fmt: skip
    assert recorder.observed_ns().tolist() == [10, 10, 20]
    assert recorder.marks_ns["update"].tolist() == [0, 10, 0]
    assert (recorder.outcomes == Outcome.ANSWERED).all()
