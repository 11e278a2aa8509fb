"""The fixed words of a plan: title, captions, and how to read it."""

from __future__ import annotations

from bench.analysis.plan.division import MOST_PARTS
from bench.analysis.plan.statement import HOW, Plan
from bench.quantities import count, quantity

LIMITS = (
    "Service times are drawn in stretches of 64 batches, so that a slow spell of the machine stays one; longer drifts "
    "are not simulated.",
    f"Arrivals are dealt out one by one, to {MOST_PARTS} replicas at most: one of more is given what one of so many "
    "has. A user who sends several in a row keeps them on one replica, so where bursts are single users' they are "
    "smoothed too much and the plan has too few replicas; a recording too short to be dealt out is replayed at each "
    "replica's rate, bursts and all, which asks for too many.",
    "Sizes of batches that were not measured are interpolated between those that were, quantile by quantile.",
    "A search in more items is made longer by what was measured between two sizes of made-up vectors of the arm's "
    "length (of its own sparse ones), with all else as it was; recall in a larger catalogue is another question.",
    "Time-outs, refusals, network, load balancers and failed machines are left out: add what your service level asks "
    "for. A service behind HTTP is taken as one server.",
    "Costs are those of replicas that stand ready, busy or not, at the scenario's [prices].",
)


def title_of(plan: Plan) -> str:
    """What was asked."""
    asked = plan.asked
    return f"{plan.scenario}: what {quantity(asked.rate_per_s, '/s')} with {asked.slo.text} would take"


def method(plan: Plan) -> tuple[str, ...]:
    """How it was found, and what is left out."""
    return (*HOW, *LIMITS, f"The measured catalogue has {count(plan.asked.known_items)} items.")


Words = tuple[str, str, str, str]
"""Kind, title, caption and how to read it."""


def check_words(plan: Plan) -> Words:
    """Of the curve with held-out points."""
    return (
        "plan_check",
        "How far the simulation is to be trusted",
        f"Lines: {plan.asked.slo.name} of one replica as simulated, on arrivals of its own. Marks: held-out points, "
        "measured and not fed to it, with 95 % intervals.",
        "A mark on its line was foreseen. Marks beside it by more than their interval say that this machine does "
        "something that the simulation leaves out. The line is for the long run; each point's error, on the very "
        "schedule that it was measured on, stands in the table.",
    )


def rate_words(plan: Plan) -> Words:
    """Of replicas against the rate."""
    return (
        "plan_rate",
        "Replicas by rate",
        f"Replicas that keep {plan.asked.slo.text}, at {plan.arms[0].fleet.share:g} of each one's capacity; beyond the "
        "rate at which one replica was measured the lines are extrapolated (dashed). The upright line is what is "
        "asked.",
        "A straight line: replicas grow with the rate. One that bends up and ends in a cross: every replica applies "
        "all new items, which in the end takes its whole time, and no number of replicas helps.",
    )


def items_words(plan: Plan) -> Words:
    """Of replicas and memory against the items."""
    return (
        "plan_items",
        "Replicas and memory by items",
        f"At {quantity(plan.asked.rate_per_s, '/s')}: replicas, and the index that each of them holds, against the "
        "items of the catalogue; beyond the sizes searched here the lines are extrapolated (dashed). A cross is the "
        "last size at which any number of replicas keeps the limit.",
        "Where a line of A ends, searching alone takes the whole limit: another kind of index, or a catalogue cut over "
        "machines, has to come before. The dashed level in B is the memory of the measured machine.",
    )
