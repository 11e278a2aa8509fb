"""Exit codes: what a user can mend is one message and code 2, and leaves nothing behind."""

import pyarrow.parquet as pq
import pytest
from interrupted import interrupt_second_block
from mini_scenario import FAKE, LOAD, TFIDF, scenario_text, write_scenario
from small_data import write_csv

from bench.cli import main
from bench.scenario_file import read_scenario
from bench.store import load_run

CSV = '[data]\nkind = "csv"\npath = "shop"\n'
ITEMS = "item_id,title\n"
EVENTS = "timestamp,user_id,item_id\n"
SERVER = '[[load]]\nkind = "server"\narrivals = { kind = "poisson" }\nrates_per_s = [0]\nrequests = 5\n'


def refused(tmp_path, capsys, text, *words):
    """The message of a run that exits with 2, says one thing and leaves nothing in --out."""
    out = tmp_path / "results"
    code = main(["run", write_scenario(tmp_path, text), "--data-dir", str(tmp_path), "--out", str(out), *words])
    told = capsys.readouterr()
    assert code == 2, told.err
    assert "Traceback" not in told.err
    assert told.out == ""
    messages = [line for line in told.err.splitlines() if line.startswith("llm-rec-bench: ")]
    assert len(messages) == 1
    assert not out.exists() or list(out.iterdir()) == []
    return messages[0]


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        (scenario_text(requests="[requests]\nfeedback_shar = 0.1"), [], 'did you mean "feedback_share"?'),
        (scenario_text(requests='[requests]\nk = "ten"'), [], "requests: k"),
        (scenario_text(load=SERVER), [], "rate must be above 0"),
        (scenario_text(requests="[requests]\nk = 601"), [], "k = 601, but the catalogue has 600 items"),
        (scenario_text(load=LOAD.replace("20", "2000000")), [], "requests wanted, but data embedded has"),
        (scenario_text(), ["--arm", "fke"], 'unknown arm "fke" (did you mean "fake"?)'),
        (scenario_text(), ["--set", "requests.n=3"], 'unknown key "n"'),
        (scenario_text(), ["--set", "arm.nobody.device=cpu"], 'unknown arm "nobody"'),
    ],
)
def test_a_scenario_that_cannot_be_run(tmp_path, capsys, text, words, said):
    assert said in refused(tmp_path, capsys, text, *words)


def test_a_scenario_that_is_not_there(tmp_path, capsys):
    assert main(["run", str(tmp_path / "none.toml"), "--out", str(tmp_path / "results")]) == 2
    assert "no such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("items", "interactions", "said"),
    [
        (ITEMS, None, "the catalogue is empty"),
        (ITEMS + "a,\n", None, "neither title nor text"),
        (ITEMS + "a,Red\na,Blue\n", None, "item id of an earlier row"),
        (ITEMS + "a,Red\n", EVENTS + "5,u,b\n", "item that the catalogue lacks"),
        (ITEMS + "a,Red\n", EVENTS, "no interactions"),
        (ITEMS + "a,Red\n", EVENTS + "soon,u,a\n", "timestamp cannot be read"),
    ],
)
def test_data_that_cannot_be_used(tmp_path, capsys, items, interactions, said):
    write_csv(tmp_path / "shop", items, interactions)
    assert said in refused(tmp_path, capsys, scenario_text(data=CSV))


def test_data_that_is_not_there(tmp_path, capsys):
    message = refused(tmp_path, capsys, scenario_text(data=CSV))
    assert "not found" in message
    assert "--data-dir" in message


def test_an_arm_that_contradicts_itself_is_found_out_when_it_is_built(tmp_path, capsys):
    arms = TFIDF + FAKE.replace('"profile"', '"none"')
    assert 'placement "none" is for encoders without a model' in refused(tmp_path, capsys, scenario_text(arms=arms))


def test_all_arms_absent_is_nothing_measured(tmp_path, capsys):
    """A device that no machine has; the library is here, so only building the encoder tells."""
    arms = '[[arm]]\nname = "far"\nencoder = { kind = "transformer", model = "minilm" }\ndevice = "cuda:99"\n'
    out = tmp_path / "results"
    assert main(["run", write_scenario(tmp_path, scenario_text(arms=arms)), "--out", str(out)]) == 4
    told = capsys.readouterr().err
    assert 'asks for "cuda:99"' in told
    assert "Traceback" not in told
    assert list(out.iterdir()) == []


def test_a_usage_error(capsys):
    assert main(["run"]) == 2
    assert "SCENARIO" in capsys.readouterr().err
    assert main(["rnu"]) == 2
    assert "rnu" in capsys.readouterr().err


def test_a_fault_of_the_program_is_no_regression(tmp_path, capsys, monkeypatch):
    def broken(request, say):
        raise RuntimeError("a bug")

    monkeypatch.setattr("bench.experiments.measure.run_scenario", broken)
    assert main(["run", write_scenario(tmp_path), "--out", str(tmp_path / "results")]) == 70
    told = capsys.readouterr().err
    assert "RuntimeError: a bug" in told
    assert "please report it" in told


def test_interrupted_before_anything_was_measured_leaves_nothing(tmp_path, capsys, monkeypatch):
    def interrupted(pool, assignment):
        raise KeyboardInterrupt

    monkeypatch.setattr("bench.runner.WorkerPool.start", interrupted)
    out = tmp_path / "results"
    assert main(["run", write_scenario(tmp_path), "--out", str(out)]) == 130
    told = capsys.readouterr().err
    assert "Traceback" not in told
    assert told.count("llm-rec-bench: interrupted") == 1
    assert list(out.iterdir()) == []


def test_interrupted_later_keeps_what_was_measured_marked_stopped(tmp_path, capsys, monkeypatch):
    interrupt_second_block(monkeypatch)
    out = tmp_path / "results"
    assert main(["run", write_scenario(tmp_path), "--out", str(out)]) == 130
    assert "Traceback" not in capsys.readouterr().err
    stored = load_run(out / "latest")
    assert stored.run["status"] == "stopped"
    assert len(stored.requests) == 10, "one of two blocks of 20 requests"
    assert main(["show", str(out / "latest")]) == 0
    assert "stopped before its end" in capsys.readouterr().out


def interrupted(*arguments):
    raise KeyboardInterrupt


def test_interrupted_while_scoring_it_is_a_stopped_run_too(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("bench.runner.score_floors", interrupted)
    out = tmp_path / "results"
    assert main(["run", write_scenario(tmp_path), "--out", str(out)]) == 130
    assert "marked stopped" in capsys.readouterr().err
    stored = load_run(out / "latest")
    assert stored.run["status"] == "stopped"
    assert "quality was not measured" in " ".join(stored.run["warnings"])
    assert len(stored.requests) == 20, "every block was measured"


def test_interrupted_while_drawing_the_run_is_whole_and_its_report_can_be_made(tmp_path, capsys, monkeypatch):
    out = tmp_path / "results"
    with monkeypatch.context() as patched:
        patched.setattr("bench.experiments.measure.conclude", interrupted)
        assert main(["run", write_scenario(tmp_path), "--out", str(out)]) == 130
    told = capsys.readouterr().err
    assert "nothing was kept" not in told
    assert "Next: llm-rec-bench report" in told
    assert load_run(out / "latest").run["status"] == "complete"
    assert main(["report", str(out / "latest")]) == 0


def test_events_out_of_order_are_sorted_and_the_run_says_so(tmp_path, capsys):
    from bench.runner import RunRequest, run_scenario

    write_csv(tmp_path / "shop")
    path = tmp_path / "shop" / "interactions.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([lines[0], *lines[:0:-1]]), encoding="utf-8")
    data = CSV + "train_share = 0.5\n"
    file = read_scenario(write_scenario(tmp_path, scenario_text(data=data)))
    folder = run_scenario(RunRequest(file, (tmp_path,), tmp_path / "results"), lambda message: None)
    stored = load_run(folder)
    assert len(stored.run["warnings"]) == 1
    assert "of 300 events were out of order; sorted by time" in stored.run["warnings"][0]
    assert str(tmp_path) not in (folder / "run.json").read_text(encoding="utf-8")
    assert pq.read_table(folder / "requests.parquet").num_rows == 20


def test_a_dry_run_says_what_it_would_take_and_measures_nothing(tmp_path, capsys):
    out = tmp_path / "results"
    assert main(["run", write_scenario(tmp_path), "--dry-run", "--out", str(out)]) == 0
    assert "20 requests an arm" in capsys.readouterr().out
    assert not out.exists()


def test_list_names_every_kind_and_every_shipped_scenario(capsys):
    assert main(["list"]) == 0
    shown = capsys.readouterr().out
    for word in ("quickstart", "tfidf", "transformer", "poisson", "single_stream", "microbatch", "embedded"):
        assert word in shown


def test_evaluate_needs_somebody_to_evaluate(tmp_path, capsys):
    write_csv(tmp_path / "shop", None, EVENTS + "1,u,i1\n2,u,i2\n3,v,i3\n")
    text = scenario_text(data=CSV, arms=TFIDF)
    words = [
        "evaluate",
        write_scenario(tmp_path, text),
        "--data-dir",
        str(tmp_path),
        "--out",
        str(tmp_path / "results"),
    ]
    assert main(words) == 2
    assert "no user has events on both sides" in capsys.readouterr().err
    assert not (tmp_path / "results").exists()
