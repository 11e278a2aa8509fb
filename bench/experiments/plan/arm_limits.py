"""What an arm's tables say of its batches and its cache, in the words of a plan."""

from __future__ import annotations

from bench.analysis.plan.queue import BatchLimits
from bench.scenario import ArmTable
from recsys.caches import CACHES
from recsys.options import parse_options
from recsys.serving.batch_choice import nearest_in_length, oldest_first
from recsys.serving.microbatch import NS_PER_MS, MicrobatchOptions

BATCHING = "microbatch"


def batch_limits(arm: ArmTable) -> BatchLimits:
    """What bounds the arm's batches; one at a time where it does not batch. Raises BadOptions."""
    if arm.serving.kind != BATCHING:
        return BatchLimits()
    options = parse_options(MicrobatchOptions, arm.serving.options, f'serving "{BATCHING}"')
    return BatchLimits(
        max_requests=options.max_requests,
        max_tokens=options.max_tokens,
        max_wait_ns=round(options.max_wait_ms * NS_PER_MS),
        choose=nearest_in_length if options.group_by_length else oldest_first,
        gathers=options.group_by_length,
    )


def cache_mb(arm: ArmTable) -> float | None:
    """Capacity of the arm's cache; None without one, and for one whose size is set elsewhere."""
    if arm.cache is None:
        return None
    options = parse_options(CACHES.get(arm.cache.kind).Options, arm.cache.options, f'cache "{arm.cache.kind}"')
    return getattr(options, "capacity_mb", None)
