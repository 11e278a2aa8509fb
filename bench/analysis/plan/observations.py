"""From the stamps of a block to what a server did: how long each batch kept it busy, and what asked for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ns = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

LIST, FEEDBACK, INGEST = 0, 1, 2
"""Kinds of requests, as recsys.types.RequestKind numbers them."""


@dataclass(frozen=True)
class ServedBlock:
    """One block as it was served, one row a request, [n]. Times in ns from one origin.

    kind int8: LIST, FEEDBACK or INGEST. tokens int32: that the encoder computed for it, 0 = none. prepared_ns: end of
    its preparation; left_ns: when its batch left the queue. wait_ns: longest wait of a batch for more requests.
    """

    intended_ns: Ns
    taken_ns: Ns
    prepared_ns: Ns
    left_ns: Ns
    ended_ns: Ns
    kind: npt.NDArray[np.int8]
    tokens: npt.NDArray[np.int32]
    wait_ns: int = 0


@dataclass(frozen=True)
class Observations:
    """Batches of lists, [batches]: members, of them those that the encoder had to read, and how long they took.

    after_idle: whether the server had been idle, so that waking up is in it. feedback_ns, ingest_ns: service times of
    the other kinds. tokens: of every request for a list.
    """

    members: npt.NDArray[np.int64]
    encoded: npt.NDArray[np.int64]
    service_ns: Ns
    after_idle: Flags
    feedback_ns: Ns
    ingest_ns: Ns
    tokens: npt.NDArray[np.int32]


def observe(block: ServedBlock, servers: int = 1) -> Observations:
    """Group the requests that ended together, and take the time for which each group kept its server.

    A single server works on a group from the end of the last one, or from when its oldest member was due, so waking up
    and the loop around a batch are part of what is measured, as they are of what a request waits for. Time spent
    waiting for a fuller batch is not. Of several servers it is not known which served what: there it is preparation
    and the way from the queue to the answer.
    """
    order = np.argsort(block.ended_ns, kind="stable")
    ended_ns = block.ended_ns[order]
    starts = np.flatnonzero(np.concatenate([[True], ended_ns[1:] > ended_ns[:-1]]))
    groups = _Groups(block, order, starts)
    before_any_ns = np.full(len(starts), np.iinfo(np.int64).min)
    before_ns = np.append(before_any_ns[:1], groups.ended_ns[:-1])
    if servers == 1:
        service_ns = groups.ended_ns - np.maximum(before_ns, groups.oldest_ns)
        service_ns -= groups.waited_ns(before_ns) if block.wait_ns else 0
        after_idle = groups.oldest_ns > before_ns
    else:
        service_ns = groups.ended_ns - groups.left_ns + groups.preparing_ns(before_any_ns)
        after_idle = np.zeros(len(starts), np.bool_)
    lists = groups.kind == LIST
    return Observations(
        members=groups.members[lists],
        encoded=groups.encoded[lists],
        service_ns=service_ns[lists],
        after_idle=after_idle[lists],
        feedback_ns=service_ns[groups.kind == FEEDBACK],
        ingest_ns=(service_ns // groups.members)[groups.kind == INGEST],
        tokens=block.tokens[block.kind == LIST],
    )


def together(parts: Sequence[Observations]) -> Observations:
    """Those of several blocks."""
    names = Observations.__dataclass_fields__
    return Observations(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


class _Groups:
    """Requests that ended together, one row a group. starts: places in `order` at which groups begin."""

    def __init__(self, block: ServedBlock, order: npt.NDArray[np.intp], starts: npt.NDArray[np.intp]) -> None:
        self._block, self._order, self._starts = block, order, starts
        self.ended_ns = block.ended_ns[order][starts]
        self.oldest_ns = np.minimum.reduceat(block.intended_ns[order], starts)
        self.left_ns = np.maximum.reduceat(block.left_ns[order], starts)
        self.members = np.diff(np.append(starts, len(order)))
        self.encoded = np.add.reduceat((block.tokens[order] > 0).astype(np.int64), starts)
        self.kind = block.kind[order][starts]

    def preparing_ns(self, since_ns: Ns) -> Ns:
        """Time in which members were prepared; those taken together are prepared together, and count once.

        since_ns: of each group; what was prepared before, while another group was open, is left out.
        """
        group = np.repeat(np.arange(len(self._starts)), self.members)
        taken_ns = self._block.taken_ns[self._order]
        spans_ns = self._block.prepared_ns[self._order] - np.maximum(taken_ns, since_ns[group])
        _, first = np.unique(np.stack([group, taken_ns]), axis=1, return_index=True)
        return np.bincount(group[first], np.maximum(spans_ns[first], 0), len(self._starts)).astype(np.int64)

    def waited_ns(self, before_ns: Ns) -> Ns:
        """Time for which a batch stood open and nothing was prepared, until it left.

        before_ns: end of the batch before each. A member that was taken in that one's time waited for it to be served,
        and not for a fuller batch.
        """
        first_ns = np.minimum.reduceat(self._block.taken_ns[self._order], self._starts)
        open_ns = self.left_ns - np.maximum(np.maximum(first_ns, before_ns), self.oldest_ns)
        return np.asarray(np.clip(open_ns - self.preparing_ns(before_ns), 0, self._block.wait_ns), np.int64)
