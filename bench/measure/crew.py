"""The workers of an arm: threads that serve one inbox together, each with a recommender of its own."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bench.traffic.inbox import WaitingInbox
from bench.traffic.shared import SharedInbox
from recsys.pipeline import Recommender
from recsys.serving.protocols import Inbox, Tracer


class Serving(Protocol):
    """Serves until the inbox has nothing more."""

    def serve(self, inbox: Inbox, recommender: Recommender, tracer: Tracer) -> None:
        """Take, answer, say done."""


@dataclass(frozen=True, slots=True)
class Member:
    """One worker."""

    serving: Serving
    recommender: Recommender


def serve_together(crew: Sequence[Member], inbox: WaitingInbox, tracer: Tracer) -> None:
    """Serve an inbox to its end: in this thread when there is one worker, else each in a thread of its own.

    Raises what the first of them raised; the others then finish what they have and stop.
    """
    if len(crew) == 1:
        crew[0].serving.serve(inbox, crew[0].recommender, tracer)
        return
    shared = SharedInbox(inbox)
    errors: list[BaseException] = []

    def work(member: Member) -> None:
        try:
            member.serving.serve(shared, member.recommender, tracer)
        except BaseException as error:  # noqa: BLE001 the thread that started this one raises it
            errors.append(error)
            shared.close()

    threads = [threading.Thread(target=work, args=(member,)) for member in crew]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
