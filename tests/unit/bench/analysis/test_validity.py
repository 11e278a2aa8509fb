"""Each check finds the fault that was planted for it, and a sound run passes them all."""

import numpy as np
import pandas as pd
import pytest
from synthetic_run import make_arm, make_rows, make_run

from bench.analysis.statements import Verdict
from bench.analysis.summary import summarise
from bench.analysis.validity import judge, known_checks

STEADY = np.random.default_rng(5).gamma(8, 0.25, 800)
WAIT_MS = (np.arange(800) % 200) * 50.0
AT_RATE = {"load": "server", "load_kind": "server", "offered_per_s": 10.0}


def judged(rows=None, arms=None, blocks=None, **changes):
    rows = make_rows("a", STEADY) if rows is None else rows
    run = make_run(arms or [make_arm("a")], rows, blocks, **changes)
    verdict, findings = judge(run, rows, summarise(run, rows))
    return verdict, {finding.check: finding for finding in findings}


def test_a_sound_run_is_valid_and_nothing_is_held_against_it():
    verdict, findings = judged()
    assert verdict is Verdict.VALID
    assert not findings


@pytest.mark.parametrize(
    ("check", "verdict", "planted"),
    [
        ("steal", Verdict.DEGRADED, {"blocks": {"steal_s": 2.0}}),
        ("steal", Verdict.INVALID, {"blocks": {"steal_s": 10.0}}),
        ("other load", Verdict.DEGRADED, {"blocks": {"others_s": 4.0}}),
        ("other load", Verdict.INVALID, {"blocks": {"others_s": 15.0}}),
        ("quiet", Verdict.DEGRADED, {"blocks": {"was_quiet": False}}),
        ("cache", Verdict.DEGRADED, {"blocks": {"cache_errors": 3}}),
        ("garbage collection", Verdict.DEGRADED, {"blocks": {"collections": 1}}),
        ("complete", Verdict.DEGRADED, {"status": "stopped"}),
        ("arms", Verdict.DEGRADED, {"arms": [make_arm("a"), make_arm("b", status="failed", reason="it broke")]}),
        ("arms", Verdict.VALID, {"arms": [make_arm("a"), make_arm("b", status="skipped", reason="no library")]}),
        ("unanswered", Verdict.DEGRADED, {"rows": make_rows("a", STEADY, outcome=["timed_out"] + ["answered"] * 799)}),
        (
            "drift",
            Verdict.DEGRADED,
            {"rows": make_rows("a", STEADY + np.repeat([0, 1, 2, 3], 200), block=np.repeat(range(8), 100))},
        ),
        ("too few requests", Verdict.INVALID, {"rows": make_rows("a", STEADY[:5])}),
        ("saturation", Verdict.VALID, {"rows": make_rows("a", WAIT_MS + 150, queue_ms=WAIT_MS, **AT_RATE)}),
        ("settling", Verdict.VALID, {"rows": make_rows("a", STEADY + 60, **AT_RATE)}),
        ("throttling", Verdict.DEGRADED, {"blocks": {"throttled_s": 1.0}}),
        ("throttling", Verdict.INVALID, {"blocks": {"gpu_thermal_throttled_s": 9.0}}),
        ("swapping", Verdict.DEGRADED, {"blocks": {"major_faults": 40}}),
        ("swapping", Verdict.DEGRADED, {"blocks": {"swapped_bytes": 4096}}),
        ("oversubscription", Verdict.DEGRADED, {"blocks": {"involuntary_switches": 900}}),
        ("lateness", Verdict.DEGRADED, {"rows": make_rows("a", STEADY, lateness_ns=200_000.0)}),
        ("lateness", Verdict.INVALID, {"rows": make_rows("a", STEADY, lateness_ns=2_000_000.0)}),
        ("unanswered", Verdict.DEGRADED, {"rows": make_rows("a", STEADY, outcome=["refused"] + ["answered"] * 799)}),
        ("stall", Verdict.DEGRADED, {"rows": make_rows("a", np.append(STEADY[:-1], 1000.0))}),
        (
            "process spread",
            Verdict.DEGRADED,
            {
                "rows": make_rows(
                    "a",
                    STEADY * np.repeat([1.0, 1.3], 400),
                    process=np.repeat([0, 1], 400),
                    block=np.repeat(range(8), 100),
                )
            },
        ),
        (
            "processes",
            Verdict.VALID,
            {"scenario": {"blocks": {"processes": 1}, "slo": {"p99_ms": 100.0}, "requests": {"k": 10}}},
        ),
    ],
)
def test_a_planted_fault_is_found(check, verdict, planted):
    overall, findings = judged(**planted)
    assert check in findings
    assert findings[check].verdict is verdict
    assert findings[check].message
    assert findings[check].advice
    assert overall is verdict


def test_the_worst_stands_first_and_is_the_verdict():
    rows = make_rows("a", STEADY, outcome=["failed"] + ["answered"] * 799)
    run = make_run([make_arm("a")], rows, {"steal_s": 10.0})
    verdict, findings = judge(run, rows, summarise(run, rows))
    assert verdict is findings[0].verdict is Verdict.INVALID
    assert [finding.verdict for finding in findings] == [Verdict.INVALID, Verdict.DEGRADED]


def test_a_cell_in_which_hardly_anything_was_answered_is_judged_without_dividing_by_nothing():
    rows = make_rows("a", STEADY, outcome=["answered"] + ["timed_out"] * 799)
    rows.loc[rows["outcome"] == "timed_out", "taken_ns"] = rows["observed_ns"]
    verdict, findings = judged(rows)
    assert verdict is Verdict.DEGRADED
    assert "drift" not in findings


def drifting(arm, share, served=(0, 2, 4, 6, 1, 3, 5, 7)):
    """Rows of two processes, the blocks in the order in which a runner serves them; slower by the share at the end."""
    slower = 1 + np.repeat(np.linspace(0, share, 8), 100)
    shape = np.tile(np.random.default_rng(5).permutation(100) / 100, 8)
    return make_rows(arm, (2 + 0.2 * shape) * slower, process=np.repeat([0, 1], 400), block=np.repeat(served, 100))


def test_a_drift_over_two_processes_is_measured_in_the_order_in_which_blocks_were_served():
    _, findings = judged(drifting("a", 0.18))
    assert findings["drift"].message == "service time moved by 17 % over the blocks"
    assert "drift" not in judged(drifting("a", 0.08))[1]


def test_arms_that_share_a_label_are_not_taken_together():
    """One gets slower and one faster: together they would stand still."""
    arms = [make_arm("a", label="MiniLM"), make_arm("b", label="MiniLM")]
    rows = pd.concat([drifting("a", 0.18), drifting("b", -0.18)], ignore_index=True)
    run = make_run(arms, rows)
    _, findings = judge(run, rows, summarise(run, rows))
    assert [finding.where for finding in findings if finding.check == "drift"] == ["MiniLM", "MiniLM"]


def test_a_spread_between_processes_names_the_load_point_with_its_rate():
    rows = make_rows(
        "a", STEADY * np.repeat([1.0, 1.3], 400), process=np.repeat([0, 1], 400), block=np.repeat(range(8), 100),
        **AT_RATE,
    )  # fmt: skip
    spread = judged(rows)[1]["process spread"]
    assert spread.where == "A at 10/s"
    assert spread.message.startswith("service time differs by")


def test_what_is_too_small_to_matter_is_no_finding():
    """Each threshold is relative to what is measured: the same amounts against a slower system, or a longer block."""
    readings = {"throttled_s": 0.05, "major_faults": 1, "involuntary_switches": 20, "steal_s": 0.1, "others_s": 0.5}
    verdict, findings = judged(make_rows("a", STEADY * 100, gap_ms=1000.0, lateness_ns=200_000.0), blocks=readings)
    assert verdict is Verdict.VALID
    assert set(findings) <= {"effective sample size"}


def test_readings_that_no_probe_could_take_are_no_finding():
    rows = make_rows("a", STEADY)
    run = make_run([make_arm("a")], rows)
    for block in run["blocks"]:
        for reading in ("steal_s", "others_s"):
            del block[reading]
    assert judge(run, rows, summarise(run, rows))[0] is Verdict.VALID


def test_connections_that_were_opened_anew_are_held_against_their_arm():
    """Two of a block's 200 requests; a block without the reading, or with none, tells of nothing."""
    verdict, findings = judged(blocks={"reopened_connections": 2})
    assert verdict is findings["reopened connections"].verdict is Verdict.DEGRADED
    assert findings["reopened connections"].where == "A"
    assert findings["reopened connections"].message.startswith("1.0 % of its requests")
    assert "reopened connections" not in judged(blocks={"reopened_connections": 0})[1]
    assert "reopened connections" not in judged()[1]


def test_the_errors_of_failed_requests_are_told():
    rows = make_rows("a", STEADY, outcome=["failed"] * 3 + ["answered"] * 797)
    _, findings = judged(rows, arms=[make_arm("a", errors={"KeyError: 7": 1, "ValueError: no": 2})])
    assert findings["unanswered"].message == "3 requests failed; 2 × ValueError: no; 1 × KeyError: 7"


def test_every_check_is_found_by_itself_and_says_what_it_is_for():
    checks = known_checks()
    assert len(checks) >= 18
    for one in checks.values():
        assert (type(one).__doc__ or "").strip()
        assert type(one).__module__.startswith("bench.analysis.validity.")
