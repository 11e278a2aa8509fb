"""A user as one text, for models that read what was met instead of averaging its vectors."""

from __future__ import annotations

from collections.abc import Sequence

from recsys.features.profile import Profile

_BETWEEN = ", "


def user_text(profile: Profile, titles: Sequence[str], newest: int | None = None) -> str:
    """The query, or the titles of the history, oldest first, joined by ", "; "" where there is neither.

    titles: of the catalogue, by position. newest: only so many, one at least; None = all. Event weights do not enter: a
    text has no weights.
    """
    positions = profile.items if newest is None else profile.items[-newest:]
    return profile.query or _BETWEEN.join([titles[position] for position in positions.tolist()])
