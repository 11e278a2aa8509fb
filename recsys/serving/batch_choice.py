"""Which of the requests that wait leave together: the rules by which a batch is chosen.

A rule is told the tokens of each request that waits, the oldest first (there is one at least), and the limits of a
batch. It answers with places among them, rising. The oldest always leaves, so nobody waits for ever, and where it
exceeds the budget it leaves alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

Rule = Callable[[Sequence[int], int, int], list[int]]
"""(tokens, max_tokens, max_requests) → places."""


def oldest_first(tokens: Sequence[int], max_tokens: int, max_requests: int) -> list[int]:
    """As many as fit the budget in the order in which they came; their own tokens count, padding does not."""
    chosen, total = 1, tokens[0]
    for cost in tokens[1:max_requests]:
        total += cost
        if total > max_tokens:
            break
        chosen += 1
    return list(range(chosen))


def nearest_in_length(tokens: Sequence[int], max_tokens: int, max_requests: int) -> list[int]:
    """The oldest, and of the others those nearest to its length, of two as near the older first.

    As many as fit the budget when all are padded to the longest of them, or else a long one would be worth its own
    tokens and cost as many again for every short one.
    """
    others = sorted(range(1, len(tokens)), key=lambda place: abs(tokens[place] - tokens[0]))
    chosen, longest = [0], tokens[0]
    for place in others[: max_requests - 1]:
        longest = max(longest, tokens[place])
        if (len(chosen) + 1) * longest > max_tokens:
            break
        chosen.append(place)
    return sorted(chosen)
