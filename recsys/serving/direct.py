"""One request at a time, in the order in which they fall due."""

from __future__ import annotations

from collections.abc import Sequence

from recsys.options import OptionsModel
from recsys.pipeline import Recommender
from recsys.serving import SERVINGS
from recsys.serving.protocols import Inbox, Tracer
from recsys.types import Recommendation, Request, RequestKind


class DirectOptions(OptionsModel):
    """Nothing to set."""


@SERVINGS.register("direct")
class DirectServing:
    """Takes a request, answers it, takes the next."""

    Options = DirectOptions

    def __init__(self, options: DirectOptions) -> None:
        self.options = options

    def serve(self, inbox: Inbox, recommender: Recommender, tracer: Tracer) -> None:
        """Serve until the inbox has nothing more; a request that raises is told as failed."""
        while requests := inbox.take(1):
            try:
                answers = _answer(requests, recommender, tracer)
            except Exception as error:  # noqa: BLE001 whatever one request raises, the next must be served
                inbox.failed([requests[0].row], error)
            else:
                inbox.done([requests[0].row], answers)


def _answer(requests: list[Request], recommender: Recommender, tracer: Tracer) -> Sequence[Recommendation | None]:
    if requests[0].kind is RequestKind.RECOMMEND:
        return recommender.recommend(requests, tracer)
    if requests[0].kind is RequestKind.FEEDBACK:
        recommender.feed_back(requests[0], tracer)
    else:
        recommender.ingest(requests, tracer)
    return [None]
