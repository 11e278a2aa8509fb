"""The report says how the inbox waited."""

from bench.report.inbox import inbox_facts

SPUN = {"spin_us": 80.0, "why": "asleep, then spinning: 99 % of sleeps end in time for it"}
ASLEEP = {"spin_us": 0.0, "why": "asleep: others use 1.9 of 2 cores"}


def test_arms_that_waited_alike_are_told_once():
    arms = [{"label": "A", "waiting": [SPUN]}, {"label": "B", "waiting": [SPUN, SPUN | {"spin_us": 79.0}]}]
    assert inbox_facts({"arms": arms}) == (("all arms", "asleep, then spinning for up to 80.0 µs"),)


def test_a_restart_that_could_not_spin_is_told_with_its_reason():
    arms = [{"label": "A", "waiting": [SPUN, ASLEEP]}, {"label": "B", "waiting": [ASLEEP]}]
    facts = dict(inbox_facts({"arms": arms}))
    assert facts["A"] == "asleep, then spinning for up to 80.0 µs; asleep: others use 1.9 of 2 cores"
    assert facts["B"] == "asleep: others use 1.9 of 2 cores"


def test_arms_that_were_never_built_waited_for_nothing():
    assert inbox_facts({"arms": [{"label": "A", "waiting": []}]}) == ()
