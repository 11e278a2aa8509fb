"""What every knob promises, whichever file it stands in."""

import re

import pytest
from planted_machine import HEALTHY, plant

from bench.clock import ClockQuality
from bench.measure.knobs import KNOBS, Knob, KnobReport, KnobVerdict
from bench.measure.knobs.spinning import OPENBLAS, OPENMP
from bench.measure.knobs.threads import BUDGETS

WITHOUT_FILES = {"bytecode", "gpu", "spinning"}
"""What these look at is no file of the machine: the interpreter, a tool, and the environment."""
NONSENSE = ("", "nonsense", "-5 x:y\n:\n[]", "\xff\xfe")


@pytest.fixture(params=KNOBS.kinds())
def knob(request):
    return KNOBS.get(request.param)


@pytest.fixture(autouse=True)
def settled(monkeypatch, tmp_path):
    """Library threads that sleep, no tool that knows a GPU, a quick clock, and no waiting."""
    for name in (*BUDGETS, *OPENMP, *OPENBLAS):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    monkeypatch.setenv("OPENBLAS_THREAD_TIMEOUT", "4")
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setattr("bench.measure.knobs.clock.check_clock", lambda: ClockQuality(20, 60.0, True))
    monkeypatch.setattr("bench.measure.knobs.kernel_files.nap", lambda seconds: None)


def test_its_kind_is_the_name_of_its_file(knob):
    kind = knob.__module__.rpartition(".")[2]
    assert KNOBS.get(kind) is knob
    assert issubclass(knob, Knob)
    assert len(KNOBS.entry(kind).summary) > 20
    assert (knob.__doc__ or "").strip() != (Knob.__doc__ or "").strip()


def test_it_is_content_with_a_machine_on_which_all_is_well(knob, tmp_path):
    report = knob.inspect(plant(tmp_path))
    assert (report.verdict, report.advice) == (KnobVerdict.GOOD, ""), report
    assert report.state


def test_it_says_what_it_cannot_read_and_does_not_raise(knob, tmp_path):
    report = knob.inspect(tmp_path)
    assert isinstance(report, KnobReport)
    if knob.__module__.rpartition(".")[2] not in WITHOUT_FILES:
        assert report.verdict is KnobVerdict.UNKNOWN
        assert re.search(r"/(sys|proc)/\w", report.state)


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_it_survives_files_that_say_nothing_it_knows(knob, tmp_path, nonsense):
    root = plant(tmp_path)
    for path, text in HEALTHY.items():
        (root / path).write_text(nonsense, encoding="utf-8")
        assert isinstance(knob.inspect(root), KnobReport), path
        (root / path).write_text(text, encoding="utf-8")


def test_what_it_says_of_this_machine_can_be_published_and_acted_on(knob):
    report = knob.inspect()
    assert report.verdict in KnobVerdict
    named = re.findall(r"(?<![\w$])/[\w*./$-]+", f"{report.state} {report.advice}")
    assert all(path.startswith(("/sys/", "/proc/")) for path in named), named
    if report.verdict in (KnobVerdict.BAD, KnobVerdict.IMPROVABLE):
        assert report.advice
