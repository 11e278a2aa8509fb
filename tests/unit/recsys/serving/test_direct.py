"""Direct serving: one request at a time."""

import numpy as np
from virtual_service import TimedRecommender

from bench.clock import VirtualClock
from bench.measure.recorder import Outcome, Recorder
from bench.traffic.scheduled import ScheduledInbox
from recsys.serving.direct import DirectOptions, DirectServing
from recsys.types import Request, RequestKind


def test_requests_are_served_one_by_one_feedback_and_ingests_in_their_places():
    clock = VirtualClock()
    kinds = [RequestKind.RECOMMEND, RequestKind.FEEDBACK, RequestKind.INGEST, RequestKind.INGEST, RequestKind.RECOMMEND]
    requests = [Request(row, kind, 0, row, row) for row, kind in enumerate(kinds)]
    recorder = Recorder(5, 1, clock)
    recommender = TimedRecommender(clock, [10, 0, 7, 8, 10])
    DirectServing(DirectOptions()).serve(
        ScheduledInbox(requests, np.zeros(5, np.int64), clock, recorder), recommender, recorder
    )
    assert recommender.journal == [
        ("begin", (0,)), ("finish", (0,)), ("feedback", (1,)), ("begin ingest", (2,)), ("ingest", (2,)),
        ("begin ingest", (3,)), ("ingest", (3,)), ("begin", (4,)), ("finish", (4,)),
    ]  # fmt: skip
    assert recorder.ended_ns.tolist() == [10, 10, 17, 25, 35]
    assert recorder.marks_ns["update"].tolist() == [0, 10, 0, 0, 0]
    assert recorder.marks_ns["index"].tolist() == [0, 0, 17, 25, 0]
    assert (recorder.outcomes == Outcome.ANSWERED).all()
