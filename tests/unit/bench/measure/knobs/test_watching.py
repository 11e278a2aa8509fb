"""Knobs that look twice: counters are moved between the two looks by as much as is to be found."""

import pytest
from planted_machine import STAT, plant

from bench.measure.knobs import KNOBS

SWAP = "MemTotal: 16000000 kB\nMemAvailable: 9000000 kB\nSwapTotal: 2000000 kB\nSwapFree: {} kB\n"


@pytest.fixture
def meanwhile(monkeypatch, tmp_path):
    """Plant a machine and what changes on it while a knob watches."""

    def planted(before, after):
        plant(tmp_path, before)
        monkeypatch.setattr("bench.measure.knobs.kernel_files.nap", lambda seconds: plant(tmp_path, before | after))
        return tmp_path

    return planted


def stat(busy, idle, stolen):
    return {"proc/stat": STAT.format(busy=busy, idle=idle, stolen=stolen)}


def own(ticks):
    words = ["0"] * 40
    words[11], words[12] = str(ticks // 2), str(ticks - ticks // 2)
    return {"proc/self/stat": "7 (a (odd) name) " + " ".join(["S", *words[1:]]) + "\n"}


@pytest.mark.parametrize(
    ("after", "verdict", "state"),
    [
        (stat(100_100, 100, 0), "GOOD", "0.0 % over 0.5 s, 0.00 % of the time wanted"),
        (stat(100_095, 100, 5), "IMPROVABLE", "2.5 % over 0.5 s"),
        (stat(100_070, 100, 30), "BAD", "15.0 % over 0.5 s"),
    ],
)
def test_steal_over_the_watch(meanwhile, after, verdict, state):
    report = KNOBS.get("steal").inspect(meanwhile(stat(100_000, 0, 0), after))
    assert report.verdict == verdict
    assert state in report.state
    assert ("vmstat 1" in report.advice) == (verdict != "GOOD")


def test_steal_since_boot_counts_against_the_time_that_was_wanted(meanwhile):
    report = KNOBS.get("steal").inspect(meanwhile(stat(980, 50_000, 20), stat(980, 50_200, 20)))
    assert report.verdict == "IMPROVABLE"
    assert "0.0 % over 0.5 s, 2.00 % of the time wanted since boot" in report.state


@pytest.mark.parametrize(
    ("busy", "mine", "verdict", "cores"),
    [(0, 0, "GOOD", "0.00"), (60, 60, "GOOD", "0.00"), (10, 0, "IMPROVABLE", "0.20"), (80, 20, "BAD", "1.20")],
)
def test_other_load_is_what_this_process_did_not_use(meanwhile, busy, mine, verdict, cores):
    before, after = stat(1000, 9000, 0) | own(100), stat(1000 + busy, 9200 - busy, 0) | own(100 + mine)
    report = KNOBS.get("other_load").inspect(meanwhile(before, after))
    assert report.verdict == verdict
    assert f"others used {cores} of 4 cores" in report.state
    assert "load average 0.10" in report.state


@pytest.mark.parametrize(
    ("before", "after", "verdict", "advice"),
    [
        ({"proc/meminfo": SWAP.format(2000000)}, {}, "GOOD", ""),
        ({"proc/meminfo": SWAP.format(2000000), "proc/sys/vm/swappiness": "60"}, {}, "IMPROVABLE",
         "sudo sysctl vm.swappiness=1  (back: sudo sysctl vm.swappiness=60)"),
        ({"proc/meminfo": SWAP.format(1500000)}, {}, "IMPROVABLE", "sudo swapoff -a  (back: sudo swapon -a)"),
        ({"proc/meminfo": SWAP.format(1500000)}, {"proc/vmstat": "pswpin 9\npswpout 6\n"}, "BAD", "swapoff"),
        ({"proc/meminfo": "SwapTotal: 0 kB\n", "proc/vmstat": None}, {}, "GOOD", ""),
    ],
    ids=["empty", "eager", "in use", "moving", "none"],
)  # fmt: skip
def test_swap(meanwhile, before, after, verdict, advice):
    report = KNOBS.get("swap").inspect(meanwhile(before, after))
    assert report.verdict == verdict
    assert advice in report.advice


def test_counters_that_pass_no_time_claim_nothing(meanwhile):
    for kind in ("steal", "other_load"):
        assert KNOBS.get(kind).inspect(meanwhile({}, {})).verdict == "GOOD"


def test_a_kernel_without_stolen_time_is_unknown(meanwhile):
    report = KNOBS.get("steal").inspect(meanwhile({"proc/stat": "cpu  1 2 3 4\n"}, {}))
    assert report.verdict == "UNKNOWN"
    assert "does not count stolen time" in report.state
