"""An inverted index that rows can be replaced in: a large base that stays as it is, and a small delta beside it.

Replacing rows in sorted postings would move most of them. So rows that are put go into the delta, which is made anew
each time and scored beside the base; its scores take the place of the base's. Beyond √n rows the two are merged, as a
log-structured merge tree of two levels does (O'Neil et al. 1996): a put costs as much as the delta has rows, a merge as
n rows, and at √n neither outweighs the other. All parts are immutable: a put does not disturb a search under way.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

import numpy as np
import numpy.typing as npt
import scipy.sparse

from recsys.types import Positions
from recsys.vectors import Indices, spans, stacked

Terms = npt.NDArray[np.integer]
Weights = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Postings:
    """For each term, the rows that have it and their weights.

    Those of term t stand at offsets[t] : offsets[t + 1] of rows and weights.
    """

    n_rows: int
    offsets: npt.NDArray[np.integer]
    rows: npt.NDArray[np.integer]
    weights: Weights

    @classmethod
    def of(cls, vectors: scipy.sparse.csr_array) -> Postings:
        """Invert sparse rows [n, terms]."""
        by_term = vectors.tocsc()
        return cls(vectors.shape[0], by_term.indptr, by_term.indices, by_term.data)

    def scores(self, terms: Terms, weights: Weights) -> Weights:
        """Dot product of a query with every row, float32 [n]; only the postings of its own terms are read."""
        entries, lengths = spans(self.offsets, terms)
        parts = self.weights[entries] * np.repeat(weights, lengths)
        return np.bincount(self.rows[entries], parts, self.n_rows).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Delta:
    """Rows that replace those at some positions of the base, once each.

    vectors [m, dim]: the rows. terms: those that occur in them, rising; the postings number only these, since a row of
    offsets for all of a large vocabulary would cost more than the delta.
    """

    positions: Positions
    vectors: scipy.sparse.csr_array
    terms: Terms
    postings: Postings

    @classmethod
    def of(cls, positions: Positions, vectors: scipy.sparse.csr_array) -> Delta:
        """A delta of these rows; where a position stands twice, the later row counts."""
        last = {position: row for row, position in enumerate(positions.tolist())}
        if len(last) < len(positions):
            positions, vectors = np.array(list(last), np.int32), vectors[np.array(list(last.values()), np.intp)]
        terms, columns = np.unique(vectors.indices, return_inverse=True)
        shape = (len(positions), len(terms))
        renumbered = scipy.sparse.csr_array((vectors.data, columns, vectors.indptr), shape=shape)
        return cls(positions, vectors, terms, Postings.of(renumbered))

    def put(self, positions: Positions, vectors: scipy.sparse.csr_array) -> Delta:
        """A delta that has these rows too."""
        return Delta.of(np.concatenate([self.positions, positions]), stacked([self.vectors, vectors]))

    def scores(self, terms: Terms, weights: Weights) -> Weights:
        """Dot product of a query, its terms rising, with every row, float32 [m]."""
        _, asked, known = np.intersect1d(terms, self.terms, assume_unique=True, return_indices=True)
        return self.postings.scores(known, weights[asked])


@dataclass(frozen=True, slots=True)
class Segments:
    """All rows of an index. vectors [n, dim] and base: the same rows, stored and inverted."""

    vectors: scipy.sparse.csr_array
    base: Postings
    delta: Delta | None = None

    @classmethod
    def of(cls, vectors: scipy.sparse.csr_array) -> Segments:
        """Nothing replaced yet."""
        return cls(vectors, Postings.of(vectors))

    def put(self, positions: Positions, vectors: scipy.sparse.csr_array) -> Segments:
        """Segments in which these rows stand at these positions."""
        delta = self.delta.put(positions, vectors) if self.delta else Delta.of(positions, vectors)
        segments = Segments(self.vectors, self.base, delta)
        return segments.merged() if len(delta.positions) > isqrt(self.base.n_rows) else segments

    def merged(self) -> Segments:
        """The same rows without a delta."""
        if self.delta is None:
            return self
        place: Indices = np.arange(self.base.n_rows)
        place[self.delta.positions] = self.base.n_rows + np.arange(len(self.delta.positions))
        return Segments.of(stacked([self.vectors, self.delta.vectors])[place])

    def scores(self, terms: Terms, weights: Weights) -> Weights:
        """Dot product of a query, its terms rising, with every row, float32 [n]."""
        scores = self.base.scores(terms, weights)
        if self.delta is not None:
            scores[self.delta.positions] = self.delta.scores(terms, weights)
        return scores
