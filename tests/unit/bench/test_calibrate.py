"""Calibration: what is measured on planted clocks, how sides alternate, and what the verb prints and writes."""

import json

import numpy as np
import pytest
from virtual_queue import SlowWaker

from bench.analysis.floor import LATENESS, Floor, Lateness
from bench.analysis.known_answers import KnownAnswer, against_peer, restated
from bench.analysis.known_queue import KnownQueue, Observed, PeerObserved
from bench.analysis.stats.quantile import quantile
from bench.cli import main
from bench.clock import VirtualClock
from bench.errors import NothingMeasured
from bench.experiments.calibrate import KNOWN_QUEUES, Calibration, quick
from bench.experiments.calibration.instrument import StampCosts
from bench.experiments.calibration.loadgen import _number
from bench.experiments.calibration.null_system import BLOCK_REQUESTS, NullCost, NullLateness, null_requests
from bench.experiments.calibration.poisson import draw_poisson_ns
from bench.experiments.calibration.rounds import ROUNDS, FloorPlan, measure_floors
from bench.measure.waiting import Waiting

MD1 = KnownQueue("fixed", 0.5, service_ms=5.0, requests=3_600)
KEYS = {"null_us_per_request", "lateness_us", "clock_ns", "mark_ns", "known_answers", "loadgen", "waiting"}


class TickingClock(VirtualClock):
    """Every reading takes 100 ns."""

    def now_ns(self):
        self._now_ns += 100
        return self._now_ns


def poisson_ns(n=500, rate_per_s=1_000.0):
    return draw_poisson_ns(n, rate_per_s, np.random.default_rng(1))


def test_a_null_request_costs_two_readings_of_the_clock():
    """Where nothing else takes time: one when it is handed out, one when it is done; one more each opens and ends."""
    cost_us = NullCost(seconds=0.01).run(TickingClock())
    assert cost_us == pytest.approx(0.2 + 0.2 / BLOCK_REQUESTS)


def test_null_requests_are_built_when_they_are_asked_for():
    requests = null_requests(3_000)
    assert len(requests) == 3_000
    assert [requests[row].row for row in (0, 7, 2_999)] == [0, 7, 2_999]
    assert requests[7] is not requests[7]


def test_nothing_is_late_where_waiting_is_exact():
    assert NullLateness(poisson_ns()).run(VirtualClock()).tolist() == [0] * 500


def test_a_generator_that_wakes_2_ms_late_shows_it():
    """Two gaps in three are shorter than the 2 ms: who falls due meanwhile waits for less, and nobody for more."""
    late_ns = NullLateness(poisson_ns()).run(SlowWaker(VirtualClock(), oversleeps_ns=2_000_000))
    assert late_ns.max() == 2_000_000
    assert quantile(late_ns, 0.99) == 2_000_000
    assert (late_ns > 0).all()


class PlantedSide:
    def __init__(self, name, journal, costs_us):
        self.name, self.journal, self.costs_us = name, journal, iter(costs_us)

    def cost_us(self):
        self.journal.append(self.name)
        return next(self.costs_us)

    def lateness_us(self, rate_per_s, number):
        self.journal.append(self.name)
        return {"p50": rate_per_s + number, "p99": 2 * rate_per_s, "p999": 3 * rate_per_s}


def test_sides_alternate_and_medians_over_the_rounds_are_stated():
    journal, said = [], []
    sides = [PlantedSide("ours", journal, [1.0, 9.0, 2.0]), PlantedSide("theirs", journal, [4.0, 5.0, 3.0])]
    ours, theirs = measure_floors(FloorPlan((10.0, 2.5), seconds=3.0), sides, said.append)
    forth, back = ["ours", "theirs"], ["theirs", "ours"]
    assert journal == [*forth * 3, *back * 3, *forth * 3], "each point by both before the next, in turns by rounds"
    assert len(said) == ROUNDS
    assert ours.as_json() == {
        "null_us_per_request": 2.0,
        "lateness_us": {"10": {"p50": 11.0, "p99": 20.0, "p999": 30.0}, "2.5": {"p50": 3.5, "p99": 5.0, "p999": 7.5}},
    }
    assert theirs.as_json()["null_us_per_request"] == 4.0
    assert ours.lateness[10.0].requests == 10


@pytest.mark.parametrize(("requests", "owed"), [(367, ["p50"]), (368, ["p50", "p99"]), (3_688, list(LATENESS))])
def test_a_round_owes_only_percentiles_that_it_carries(requests, owed):
    lateness = Lateness([{name: 1.0 for name in LATENESS}], requests)
    assert [name for name in LATENESS if lateness.owes(name)] == owed


def test_a_peer_agrees_within_the_bounds_of_both_and_not_when_it_adds_a_millisecond():
    rng = np.random.default_rng(2)
    ours, theirs = (5.0 + rng.exponential(2.0, MD1.requests) for _ in range(2))
    observed = Observed(ours, np.full(MD1.requests, 5.0), 0)

    def agree(values):
        stated = {p: quantile(values, p) for p in (0.5, 0.9, 0.99)}
        return [answer.ok for answer in against_peer("peer", MD1, observed, PeerObserved(values, stated))]

    assert agree(theirs) == [True, True, True]
    assert agree(theirs + 1.0)[0] is False


def test_a_percentile_is_restated_to_the_ns_and_the_next_higher_is_taken_only_where_np_is_whole():
    values = np.arange(1.0, 1_001.0)[::-1]
    exact = PeerObserved(values, {0.5: 500.0, 0.9: 901.0, 0.99: 992.0})
    assert [answer.ok for answer in restated("peer", exact)] == [True, True, False]
    odd = PeerObserved(values[:-1], {0.5: 501.0, 0.9: 902.0})
    assert [answer.ok for answer in restated("peer", odd)] == [True, False]


def test_queues_are_named_and_quick_ones_keep_their_load():
    assert [queue.name for queue in KNOWN_QUEUES] == ["M/D/1 at 0.5", "M/D/1 at 0.8", "M/M/1 at 0.5", "M/M/1 at 0.8"]
    assert sum(queue.requests / queue.rate_per_s for queue in KNOWN_QUEUES) <= 150, "seconds"
    for queue in KNOWN_QUEUES:
        assert queue.rate_per_s == pytest.approx(queue.utilisation * 200)
        assert quick(queue).utilisation == queue.utilisation
    assert sum(quick(queue).requests / quick(queue).rate_per_s for queue in KNOWN_QUEUES) <= 10


def test_a_number_that_loadgen_did_not_print_is_missed_by_name():
    assert _number("Max latency (ns)      : 2262\n", "Max latency (ns)") == 2262.0
    with pytest.raises(NothingMeasured, match="QPS"):
        _number("Max latency (ns)      : 2262\n", "QPS w/ loadgen overhead")


def planted_calibration(with_loadgen=True):
    def floor(scale):
        rounds = [{"p50": 10.0 * scale, "p99": 20.0 * scale, "p999": (30.0 + number) * scale} for number in range(3)]
        return Floor([1.0 * scale, 2.0 * scale, 1.5 * scale], {1000.0: Lateness(rounds, 1667)})

    return Calibration(
        ours=floor(1),
        loadgen=floor(4) if with_loadgen else None,
        stamps=StampCosts(50.0, 150.0),
        waiting=Waiting(83.0, "asleep, then spinning"),
        theory=(
            KnownAnswer("mean ms of M/D/1 at 0.5", 7.6, 7.5, 7.2, 7.9),
            KnownAnswer("p90 ms of M/D/1 at 0.5", 17.0, 12.7, 15.0, float("inf")),
        ),
        agreement=(KnownAnswer("loadgen p50 ms of M/D/1 at 0.5", 5.2, 5.3, 5.0, 5.9),) if with_loadgen else (),
    )


@pytest.fixture
def calibrated(monkeypatch):
    """Let the verb find what is planted; returns what it asked for."""
    asked = []

    def calibrate(plan, queues, say, *, with_loadgen):
        asked.append((plan, queues, with_loadgen))
        return planted_calibration(with_loadgen)

    monkeypatch.setattr("bench.experiments.calibrate.calibrate", calibrate)
    monkeypatch.setenv("COLUMNS", "160")
    return asked


def test_the_verb_shows_both_sides_their_ratio_and_each_known_answer(calibrated, capsys):
    assert main(["calibrate"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    text = "\n".join(lines)
    assert "one after another, a request 1.50 6.00 ×0.250" in text
    assert "late at 1,000/s, p99 20.0 80.0 ×0.250" in text
    assert "late at 1,000/s, p99.9 – – –" in text, "1,667 requests do not owe it"
    assert "mean ms of M/D/1 at 0.5 7.60 7.50 yes" in text
    assert "p90 ms of M/D/1 at 0.5 17.0 12.7 no" in text
    assert "1 of 2 answers of queueing theory" in lines[-1]
    assert "LoadGen's percentiles, 1 of 1" in lines[-1]
    assert calibrated == [(FloorPlan((100.0, 1000.0, 5000.0), 5.0, 0), KNOWN_QUEUES, True)]


def test_the_verb_passes_on_what_it_is_told_and_writes_all_of_it(calibrated, tmp_path, capsys):
    file = tmp_path / "calibration.json"
    words = ["--rates", "1000", "--seconds", "1.5", "--seed", "7", "--quick", "--skip-loadgen", "--json", str(file)]
    assert main(["calibrate", *words]) == 0
    assert "LoadGen" not in capsys.readouterr().out.replace("LoadGen did not run", "")
    assert calibrated == [(FloorPlan((1000.0,), 1.5, 7), tuple(map(quick, KNOWN_QUEUES)), False)]
    written = json.loads(file.read_text(encoding="utf-8"))
    assert set(written) == KEYS | {"environment"}
    assert written["null_us_per_request"] == 1.5
    assert written["lateness_us"] == {"1000": {"p50": 10.0, "p99": 20.0, "p999": 31.0}}
    assert written["loadgen"] is None
    assert written["waiting"] == {"spin_us": 83.0, "why": "asleep, then spinning"}
    assert written["known_answers"][1] == {
        "name": "p90 ms of M/D/1 at 0.5",
        "measured": 17.0,
        "expected": 12.7,
        "low": 15.0,
        "high": None,
        "ok": False,
    }


def test_what_loadgen_showed_stands_under_the_same_keys():
    ours, theirs = planted_calibration().ours.as_json(), planted_calibration().loadgen.as_json()
    assert set(ours) == set(theirs) == {"null_us_per_request", "lateness_us"}


@pytest.mark.parametrize("rates", ["", "fast", "0", "-5", "100,", "100,100", "inf", "nan"])
def test_rates_that_are_none(calibrated, capsys, rates):
    assert main(["calibrate", f"--rates={rates}"]) == 2
    assert "--rates" in capsys.readouterr().err
    assert not calibrated


def test_a_file_that_cannot_be_written_is_found_out_before_anything_is_measured(calibrated, capsys, tmp_path):
    assert main(["calibrate", "--json", str(tmp_path / "none" / "file.json")]) == 2
    assert "--json" in capsys.readouterr().err
    assert not calibrated
