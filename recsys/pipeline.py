"""The recommender: clean → profile → prepare → (batch) → encode → retrieve → rank → rerank → respond.

Each stage is one method, and its end is marked at one place, so the stages partition a request exactly; a re-ranker
that writes its list marks two more within its own. How items enter is in recsys.ingestion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from pydantic import Field

from recsys.encoders.batching import forward_all
from recsys.encoders.cached import CachedEncoder
from recsys.encoders.protocol import Encoder
from recsys.features.profile import History, Profile
from recsys.features.user_text import user_text
from recsys.index import Candidates
from recsys.ingestion import Ingestion
from recsys.options import OptionsModel
from recsys.parts import Parts
from recsys.placement import Draft
from recsys.ranking import Asker
from recsys.reranking import Ask
from recsys.reranking.reordering import reorder
from recsys.serving.protocols import NullTracer, Tracer
from recsys.types import Recommendation, Request, Vectors
from recsys.vectors import check_finite


class RetrievalOptions(OptionsModel):
    """k: length of a list. candidates: items the index hands to the ranker. exclude_seen: leave out what was met."""

    k: int = Field(10, ge=1)
    candidates: int = Field(200, ge=1)
    exclude_seen: bool = True


@dataclass(slots=True)
class Batch:
    """Requests on their way, all at the same stage. queries: the users' words, cleaned, until profiles have them."""

    requests: list[Request]
    rows: list[int]
    queries: list[str]
    histories: list[History]
    profiles: list[Profile]
    draft: Draft
    users: Vectors
    candidates: list[Candidates]

    @classmethod
    def of(cls, requests: Sequence[Request]) -> Batch:
        """Before the first stage."""
        return cls(list(requests), [request.row for request in requests], [], [], [], _NO_DRAFT, _NO_VECTORS, [])

    def split(self) -> list[Batch]:
        """One batch a request, for those that are prepared and not yet encoded."""
        if len(self.requests) == 1:
            return [self]
        members = zip(self.requests, self.rows, self.histories, self.profiles, self.draft.split(), strict=True)
        return [
            Batch([request], [row], [], [history], [profile], draft, _NO_VECTORS, [])
            for request, row, history, profile, draft in members
        ]


_NO_DRAFT = Draft(None, np.zeros(0, np.int64))
_NO_VECTORS = np.zeros((0, 0), np.float32)


class Recommender:
    """Answers requests from its parts. One instance is used by one thread."""

    def __init__(self, parts: Parts, options: RetrievalOptions) -> None:
        self.parts = parts
        self.options = options
        self.ingestion = Ingestion(parts)

    def recommend(self, requests: Sequence[Request], tracer: Tracer | None = None) -> list[Recommendation]:
        """Answer RECOMMEND requests, all in one batch."""
        tracer = tracer or NullTracer()
        return self.finish([self.begin(requests, tracer)], tracer)

    def begin(self, requests: Sequence[Request], tracer: Tracer) -> Batch:
        """The stages before batching: clean, profile, prepare."""
        batch = Batch.of(requests)
        self.clean(batch)
        tracer.mark("clean", batch.rows)
        self.profile(batch)
        tracer.mark("profile", batch.rows)
        self.prepare(batch)
        tracer.mark("prepare", batch.rows)
        return batch

    def finish(self, batches: Sequence[Batch], tracer: Tracer) -> list[Recommendation]:
        """Join batches that began apart and take them through the remaining stages."""
        batch = self.join(batches)
        tracer.mark("batch_wait", batch.rows)
        n_tokens, padded_tokens = self.encode(batch)
        tracer.mark("encode", batch.rows)
        self.retrieve(batch)
        tracer.mark("retrieve", batch.rows)
        ranked = self.rank(batch)
        tracer.mark("rank", batch.rows)
        best = self.rerank(batch, ranked, tracer)
        tracer.mark("rerank", batch.rows)
        answers = self.respond(best)
        tracer.mark("respond", batch.rows)
        tracer.tokens(batch.rows, n_tokens)
        tracer.padded(batch.rows, padded_tokens)
        return answers

    def feed_back(self, request: Request, tracer: Tracer) -> None:
        """Apply one FEEDBACK request; the user's next profile has it."""
        self.update(request)
        tracer.mark("update", [request.row])

    def ingest(self, requests: Sequence[Request], tracer: Tracer | None = None) -> None:
        """Serve INGEST requests, all in one batch: from here on their items can be recommended.

        Raises DataError for a position that the data set lacks.
        """
        tracer = tracer or NullTracer()
        self.ingestion.finish(self.ingestion.begin(requests, tracer), tracer)

    def rewind(self, as_of_s: int) -> None:
        """Know what was known at a time: the data's events and items before it, and nothing fed back or put since."""
        self.parts.profiles.rewind(as_of_s)
        self.parts.catalogue.rewind(as_of_s)
        self.parts.placement.rewind()
        self.parts.ranker.rewind(as_of_s)
        if self.parts.reranker:
            self.parts.reranker.rewind()
        self.parts.index.rewind(self.parts.catalogue.hidden_positions)

    def beside(self, encoder: Encoder) -> Recommender:
        """Another thread's recommender with an encoder of its own, and all else that this one has.

        The re-ranker too: it keeps nothing of a request.
        """
        parts = replace(self.parts, encoder=encoder, placement=self.parts.placement.with_encoder(encoder))
        return Recommender(parts, self.options)

    @property
    def n_handed_over(self) -> int:
        """Candidates that the re-ranker is handed, 0 without one."""
        return self.parts.reranker.info.candidates if self.parts.reranker else 0

    def clean(self, batch: Batch) -> None:
        """Collect what is known of the users, and clean their words.

        An event with an item that is not known yet says nothing: neither its text nor its vector may be read.
        """
        catalogue = self.parts.catalogue
        clean = self.parts.cleaner
        batch.queries = [clean(request.query) if request.query else "" for request in batch.requests]
        batch.histories = [self.parts.profiles.history(request.user) for request in batch.requests]
        if catalogue.n_hidden:
            batch.histories = [history.where(~catalogue.hidden[history.items]) for history in batch.histories]

    def profile(self, batch: Batch) -> None:
        """Weigh the users' recent events."""
        batch.profiles = [
            self.parts.profiles.profile(history, request.timestamp_s, query)
            for history, request, query in zip(batch.histories, batch.requests, batch.queries, strict=True)
        ]

    def prepare(self, batch: Batch) -> None:
        """Make the texts that the placement wants ready for the encoder."""
        batch.draft = self.parts.placement.draft(batch.profiles)

    def join(self, batches: Sequence[Batch]) -> Batch:
        """One batch of several."""
        if len(batches) == 1:
            return batches[0]
        return Batch(
            [request for batch in batches for request in batch.requests],
            [row for batch in batches for row in batch.rows],
            [],
            [history for batch in batches for history in batch.histories],
            [profile for batch in batches for profile in batch.profiles],
            Draft.join([batch.draft for batch in batches]),
            _NO_VECTORS,
            [],
        )

    def encode(self, batch: Batch) -> tuple[list[int], int]:
        """User vectors. Returns the tokens that the encoder computed for each request, and all of them with padding.

        Raises BadVectors where one is not finite: an index would answer with any items at all.
        """
        user_vectors = self.parts.placement.user_vectors
        if batch.draft.prepared is None:
            batch.users = user_vectors(batch.profiles, None)
            return [0] * len(batch.rows), 0
        computed = forward_all(self.parts.encoder, batch.draft.prepared)
        batch.users = user_vectors(batch.profiles, computed.vectors)
        check_finite(batch.users)
        return batch.draft.sums(computed.n_tokens), computed.padded_tokens

    def retrieve(self, batch: Batch) -> None:
        """The nearest items to each user, and what the ranker wants to see beside them."""
        excluded = self._excluded(batch)
        found = self.parts.index.search(batch.users, self.options.candidates, excluded)
        batch.candidates = [
            self.parts.ranker.widen(*each) for each in zip(found, excluded, self._askers(batch), strict=True)
        ]

    def rank(self, batch: Batch) -> list[Candidates]:
        """The best candidates under the ranker's score: k, or as many as the re-ranker is handed."""
        n = self.n_handed_over or self.options.k
        return [
            self.parts.ranker.rank(profile, candidates, n, asker)
            for profile, candidates, asker in zip(batch.profiles, batch.candidates, self._askers(batch), strict=True)
        ]

    def rerank(self, batch: Batch, ranked: list[Candidates], tracer: Tracer) -> list[Candidates]:
        """The k best in the re-ranker's order; the lists as they are where there is no re-ranker."""
        if self.parts.reranker is None:
            return ranked
        done = reorder(self.parts.reranker, self._asks(batch, ranked), self.options.k, tracer)
        tracer.reranked(batch.rows, [each.positions for each in ranked], done.n_tokens, done.padded_tokens)
        return done.lists

    def respond(self, ranked: Sequence[Candidates]) -> list[Recommendation]:
        """Item ids and scores, as a caller wants them."""
        item_ids = self.parts.catalogue.item_ids
        return [
            Recommendation(
                tuple(item_ids[position] for position in best.positions.tolist()),
                tuple(best.scores.tolist()),
                best.positions,
            )
            for best in ranked
        ]

    def update(self, request: Request) -> None:
        """Record the event of a FEEDBACK request."""
        if self.parts.forgets_profiles:
            self._forget_profile(request)
        self.parts.profiles.record(request.user, request.item, request.event_kind, request.timestamp_s)
        self.parts.ranker.record(request)

    def scores(self, requests: Sequence[Request]) -> npt.NDArray[np.float32]:
        """The last word's scores by item, float32 [requests, n_items]; −inf for what is excluded or no candidate.

        They are the ranker's, or the re-ranker's of those it is handed. Untimed: the yardstick of fidelity.
        """
        batch = self.begin(requests, NullTracer())
        self.encode(batch)
        self.retrieve(batch)
        asked = zip(batch.profiles, batch.candidates, self._askers(batch), strict=True)
        ranked = [
            self.parts.ranker.rank(profile, candidates, self.n_handed_over or len(candidates.positions), asker)
            for profile, candidates, asker in asked
        ]
        if self.parts.reranker:
            asks = self._asks(batch, ranked)
            ranked = reorder(self.parts.reranker, asks, self.n_handed_over, NullTracer()).lists
        scores = np.full((len(batch.rows), len(self.parts.catalogue)), -np.inf, np.float32)
        for row, best in enumerate(ranked):
            scores[row, best.positions] = best.scores
        return scores

    def _forget_profile(self, request: Request) -> None:
        """Let the cache forget the text that this user has until now: with one event more it is another."""
        if isinstance(self.parts.encoder, CachedEncoder):
            asked = Batch.of([request])
            self.clean(asked)
            self.profile(asked)
            self.parts.encoder.forget([self.parts.placement.text_of(asked.profiles[0])])

    def _askers(self, batch: Batch) -> list[Asker]:
        return [Asker(request.user, batch.users, row) for row, request in enumerate(batch.requests)]

    def _asks(self, batch: Batch, ranked: Sequence[Candidates]) -> list[Ask]:
        titles = self.parts.catalogue.titles
        asked = zip(batch.rows, batch.profiles, ranked, strict=True)
        return [Ask(row, user_text(profile, titles), candidates) for row, profile, candidates in asked]

    def _excluded(self, batch: Batch) -> list[npt.NDArray[np.int32]]:
        if self.options.exclude_seen:
            return [profile.seen for profile in batch.profiles]
        return [np.zeros(0, np.int32)] * len(batch.profiles)
