"""kill -9 of a run or of its worker at a random moment leaves a whole run, or one that opens marked stopped."""

import random
import signal

import pytest
from killed_runs import NOTHING, STOPPED, UNMEASURED, WHOLE, kill_one, text_of, what_is_left
from mini_scenario import write_scenario

from bench.cli import main
from bench.measure.pool import WorkerPool
from bench.store import RunFolder

LIFE_S = 6.0
"""From the folder of a run of so many blocks to its report, on two cores with nothing beside it."""
TEXT = text_of(blocks=6)
SHORTEST = text_of(blocks=2)


@pytest.mark.parametrize(("worker", "moments"), [(False, 2), (True, 1)], ids=["run", "worker"])
def test_whatever_is_killed_what_is_left_opens(tmp_path, worker, moments):
    random_ = random.Random(11 + worker)
    left = [kill_one(tmp_path / f"{number}", TEXT, random_, LIFE_S, worker=worker) for number in range(moments)]
    assert set(left) <= {WHOLE, STOPPED, UNMEASURED, NOTHING}


class Killed(BaseException):
    """Ends the program at once, as far as anything after it can tell: nothing catches it, nothing is tidied up."""


@pytest.mark.parametrize(
    ("method", "left"),
    [
        ("write_floors", UNMEASURED),
        ("write_run", UNMEASURED),
        ("merge", STOPPED),
        ("finish", WHOLE),
        ("_unlock", WHOLE),
    ],
)
def test_between_any_two_files_there_is_a_run_that_opens(tmp_path, monkeypatch, method, left):
    def killed(folder, *arguments):
        folder._lock.release()  # the system does
        raise Killed(signal.SIGKILL)

    monkeypatch.setattr(RunFolder, method, killed)
    with pytest.raises(Killed):
        main(["run", write_scenario(tmp_path, SHORTEST), "--arm", "fake", "--out", str(tmp_path / "results")])
    assert what_is_left(tmp_path / "results") == left


def test_a_run_that_is_being_measured_is_not_taken_for_one_that_was_left(tmp_path, monkeypatch, capsys):
    serve, looked = WorkerPool.serve, []

    def look(pool, name, command):
        if not looked:
            (partial,) = (tmp_path / "results").glob("*.partial")
            looked.append(main(["show", str(partial)]))
        return serve(pool, name, command)

    monkeypatch.setattr(WorkerPool, "serve", look)
    words = ["run", write_scenario(tmp_path, SHORTEST), "--arm", "fake"]
    assert main([*words, "--out", str(tmp_path / "results")]) == 0
    assert looked == [2]
    assert "being measured at this moment" in capsys.readouterr().err
