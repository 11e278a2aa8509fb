"""The contract of a ranker."""

from __future__ import annotations

from typing import Protocol

from recsys.features.profile import Profile
from recsys.index.protocol import Candidates


class Ranker(Protocol):
    """Orders one user's candidates."""

    def rank(self, profile: Profile, candidates: Candidates, k: int) -> Candidates:
        """The k best candidates under the ranker's own score, best first; equal scores by position."""
