"""Report, Markdown, terminal, JSON, LaTeX, load_run and compare say the same of a run: all have it from one place."""

import contextlib
import io
import json
import re
from html import unescape

import pytest
from mini_scenario import FAKE, TFIDF, made_run, scenario_text

import bench
from bench.cli import main
from bench.quantities import quantity

LOAD = '[[load]]\nkind = "single_stream"\nrequests = 80\n'
MODEL = FAKE.replace('kind = "fake"', 'kind = "fake", service_ms = 2.0').replace(
    "placement", 'role = "reference"\nplacement'
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs of one scenario, the second under another name."""
    text = scenario_text(load=LOAD, arms=TFIDF.replace(" :warning: [/b]", "") + MODEL)
    folders = [made_run(tmp_path_factory.mktemp("run"), text) for _ in range(2)]
    document = json.loads((folders[1] / "run.json").read_text())
    (folders[1] / "run.json").write_text(json.dumps({**document, "id": f"{document['id']}-again"}))
    return folders


def flat(text):
    """Words alone: no tags, escapes, line breaks or marks of a format."""
    bare = unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", text, flags=re.DOTALL))
    return " ".join(bare.replace("\\", "").replace("$-$", "−").split())


@pytest.fixture(scope="module")
def compared(runs, tmp_path_factory):
    """What `compare` prints of the two runs, and the folder that it writes."""
    out = tmp_path_factory.mktemp("out")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "200")
        text = printed(["compare", *map(str, runs), "--html", "--out", str(out)])
    [folder] = out.iterdir()
    return text, folder


@pytest.fixture(scope="module")
def said(runs, compared):
    """Everything that is said of the first run, by where it is said."""
    texts = {name: (runs[0] / name).read_text(encoding="utf-8") for name in ("report.html", "report.md")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "200")
        for name, words in {
            "show": ["show", str(runs[0])], "show --markdown": ["show", str(runs[0]), "--markdown"],
            "show --latex": ["show", str(runs[0]), "--latex"], "show --json": ["show", str(runs[0]), "--json"],
        }.items():  # fmt: skip
            texts[name] = printed(words)
    text, folder = compared
    return texts | {"compare": text, "comparison.html": (folder / "comparison.html").read_text(encoding="utf-8")}


def printed(words):
    sink = io.StringIO()
    with contextlib.redirect_stdout(sink):
        assert main(words) == 0
    return sink.getvalue()


def test_one_answer_and_one_verdict_everywhere(runs, said):
    run = bench.load_run(runs[0])
    as_json = json.loads(said.pop("show --json"))
    assert (as_json["answer"], as_json["verdict"]) == (run.answer, run.verdict.value)
    assert (run.document["answer"], run.document["verdict"]) == (run.answer, run.verdict.value)
    assert set(run.summary["verdict"]) == {run.verdict.value}
    for where, text in said.items():
        assert run.answer in flat(text), where
        assert run.verdict.value in flat(text), where


def test_one_number_everywhere(runs, said):
    """The median of each arm, written as every table writes it."""
    summary = bench.load_run(runs[0]).summary
    medians = summary.loc[summary["request_kind"] == "recommend", "p50_ms"]
    for where in ("report.html", "report.md", "show", "show --markdown", "show --latex", "compare", "comparison.html"):
        for median in medians:
            assert quantity(median) in flat(said[where]), where


def test_ratio_words_of_a_comparison_are_those_of_its_file(compared):
    _, folder = compared
    words = {line.split(",")[10] for line in (folder / "ratios.csv").read_text().splitlines()[1:]}
    assert words <= {"slower", "faster", "alike", "not told apart", ""}
    page = flat((folder / "comparison.html").read_text(encoding="utf-8"))
    assert all(word in page for word in words)


def test_runs_of_other_requests_are_refused_and_forced_ones_are_marked(runs, tmp_path, capsys):
    other = made_run(tmp_path, scenario_text(load=LOAD.replace("80", "60"), arms=TFIDF + MODEL))
    words = ["compare", str(runs[0]), str(other), "--html", "--out", str(tmp_path / "out")]
    capsys.readouterr()
    assert main(words) == 2
    assert "load.0.requests 80 and 60" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()
    assert main([*words, "--force"]) == 0
    [page] = (tmp_path / "out").glob("*/comparison.html")
    assert "Compared by force" in flat(page.read_text(encoding="utf-8"))
    assert "not comparable" in " ".join(capsys.readouterr().out.split())
