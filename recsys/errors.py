"""What can be wrong with what a user asked of the recommender: what, where, the known values and the next step."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

LONGEST_NAME = 60
MOST_NAMES = 30


class RecsysError(Exception):
    """Base of all errors a user can mend. Not raised itself."""


class UnknownKind(RecsysError):
    """A kind that no plug-in registers."""


class MissingLibrary(RecsysError):
    """A plug-in exists, but a library it needs is not installed."""


class MissingDevice(RecsysError):
    """A device that this machine does not have."""


class MissingServer(RecsysError):
    """A server that a part cannot do without, and that does not answer."""


class BadOptions(RecsysError):
    """Options that a plug-in refuses: unknown, of the wrong type or out of range."""


class DataError(RecsysError):
    """A data set that cannot be used: missing, damaged, or contradicting itself."""


class ModelError(RecsysError):
    """A model that cannot be found, or whose files cannot be used."""


class BadVectors(RecsysError):
    """Vectors that are no embeddings: NaN, infinite, of the wrong shape or length."""


def listed(names: Sequence[str]) -> str:
    """Names from a file for a message, which stays one line whatever the file holds."""
    shown = [name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…" for name in names[:MOST_NAMES]]
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return f"{', '.join(shown)}{more}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """' (did you mean "x"?)' for a close match among the known words, else ''."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f' (did you mean "{close[0]}"?)' if close else ""


def shortened(text: str, length: int = 60) -> str:
    """Cut a text that is too long for a message."""
    return text if len(text) <= length else f"{text[:length]}…"
