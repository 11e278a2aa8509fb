"""One request at a time, in the order in which they fall due."""

from __future__ import annotations

from recsys.options import OptionsModel
from recsys.pipeline import Recommender
from recsys.serving import SERVINGS
from recsys.serving.protocols import Inbox, Tracer
from recsys.types import Recommendation, RequestKind


class DirectOptions(OptionsModel):
    """Nothing to set."""


@SERVINGS.register("direct")
class DirectServing:
    """Takes a request, answers it, takes the next."""

    Options = DirectOptions

    def __init__(self, options: DirectOptions) -> None:
        self.options = options

    def serve(self, inbox: Inbox, recommender: Recommender, tracer: Tracer) -> None:
        """Serve until the inbox has nothing more."""
        while requests := inbox.take(1):
            answers: list[Recommendation | None] = [None]
            if requests[0].kind is RequestKind.FEEDBACK:
                recommender.feed_back(requests[0], tracer)
            else:
                answers = [*recommender.recommend(requests, tracer)]
            inbox.done([requests[0].row], answers)
