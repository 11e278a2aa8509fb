"""The page as a reader gets it: one file, complete, safe and the same each time."""

import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from report_statements import build_statements

from bench.report import write_report
from bench.report.drawing import draw_pictures
from bench.report.figures import FIGURES
from bench.report.html import build_html
from bench.report.markdown import build_markdown

pytestmark = pytest.mark.pictures
KINDS = tuple(kind for kind in FIGURES.kinds() if kind != "soak")
"""Pictures of a run that was no soak."""
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """Collects tags, attributes and text; checks that every tag is closed."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.open, self.texts, self.styles = [], [], [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        (self.styles if self.open[-1:] == ["style"] else self.texts).append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


ARMS = 7


@pytest.fixture(scope="module")
def statements():
    return build_statements(ARMS)


@pytest.fixture(scope="module")
def pictures(statements):
    return draw_pictures(statements)


@pytest.fixture(scope="module")
def folder(statements, pictures, tmp_path_factory):
    """What `write_report` leaves, of pictures that other tests put into pages of their own."""
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("bench.report.writing.draw_pictures", lambda _: pictures)
        write_report(statements, folder)
    return folder


def told_of(statements, pictures):
    """The same pictures with what they note of other statements, which have the same numbers."""
    return [replace(picture, notes=FIGURES.get(picture.kind)().notes(statements)) if picture.svg else picture
            for picture in pictures]  # fmt: skip


@pytest.fixture(scope="module")
def page(folder):
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def test_everything_is_written_and_no_partial_file_stays(folder):
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files == {"report.html", "report.md", *(f"figures/{kind}.{end}" for kind in KINDS for end in ("svg", "png"))}


def test_the_same_run_gives_the_same_bytes_in_another_process(folder, written_elsewhere):
    files = [path for path in folder.rglob("*.*") if path.is_file()]
    assert files
    for path in files:
        assert path.read_bytes() == (written_elsewhere / path.relative_to(folder)).read_bytes(), path.name


def test_the_page_is_one_small_file_without_scripts_or_addresses(folder, page):
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert len(html.encode()) < 2_000_000
    assert not page.all("script")
    assert not page.all("link")
    sources = [attributes[name] for _, attributes in page.tags for name in ("src", "href") if name in attributes]
    assert sources
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert "url(" not in "".join(page.styles)
    assert "@import" not in "".join(page.styles)


def test_every_picture_has_an_alternative_text(page):
    assert len(page.all("img")) == len(KINDS)
    assert all(len(attributes["alt"]) > 60 for attributes in page.all("img"))


def test_the_reader_meets_things_in_the_order_in_which_they_matter(statements, page):
    order = [
        statements.run["scenario"]["question"], statements.answer, "Run is DEGRADED", "Tastes are simulated.",
        "the hypervisor took 2.1 %", "Arms at a glance", "Quality and cost", "How to read it.", "Where the time goes",
        "Latency by percentile", "Load and latency", "Latency over the run", "Tax and recovery",
        "Ratio to the baseline",
        "Cache hits and misses", "Memory and start-up", "Cost", "Quality, and the floors under it", "Every load point",
        "AMD EPYC 9B14", "What does a model cost?", "llm-rec-bench run", "x(⌈np⌉)", "What is not measured", "Glossary",
    ]  # fmt: skip
    text = page.text[page.text.index(statements.run["scenario"]["question"]) :]
    places = []
    for words in order:
        places.append(text.index(words, places[-1] if places else 0))
    assert places == sorted(places)


def test_real_data_carry_no_notice_of_simulated_tastes(statements, pictures):
    run = {**statements.run, "data": {**statements.run["data"], "simulated": False}}
    real = replace(statements, run=run, answer="MiniLM adds 10 ms.")
    assert "simulated" not in Page(build_html(real, told_of(real, pictures))).text


def test_hostile_text_stays_text(statements, pictures):
    evil = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    run = {
        **statements.run, "scenario_text": evil, "command": evil, "warnings": [evil], "overrides": [evil],
        "arms": [{**arm, "label": evil, "reason": evil} for arm in statements.run["arms"]],
        "environment": {evil: {evil: [evil]}},
    }  # fmt: skip
    evils = replace(statements, run=run, answer=evil)
    shown = told_of(evils, pictures)
    hostile = Page(build_html(evils, shown))
    assert not hostile.all("script")
    assert len(hostile.all("img")) == len(KINDS)
    assert hostile.text.count("alert(1)") > 10
    assert "<script" not in build_markdown(evils, shown).replace("\\<script", "")


def test_markdown_links_pictures_that_exist(folder):
    text = (folder / "report.md").read_text(encoding="utf-8")
    links = [part.split(")")[0] for part in text.split("](")[1:]]
    assert len(links) == len(KINDS)
    assert all((folder / link).is_file() for link in links)


def test_a_picture_that_is_gone_leaves_no_older_one_behind(tmp_path):
    older = tmp_path / "figures" / "load_curve.png"
    older.parent.mkdir()
    older.write_bytes(b"older")
    statements = build_statements(1)
    summary = statements.summary[statements.summary["load_kind"] != "server"]
    write_report(replace(statements, summary=summary), tmp_path)
    assert not older.exists()
    assert "the run has no server load" in (tmp_path / "report.html").read_text(encoding="utf-8").lower()


def test_a_failed_write_keeps_the_older_file(folder, monkeypatch, tmp_path):
    from bench.report import writing

    path = tmp_path / "report.html"
    path.write_bytes(b"old")

    def full(self, content):
        raise OSError("no space left")

    monkeypatch.setattr(type(path), "write_bytes", full)
    with pytest.raises(OSError, match="no space"):
        writing.write_whole(path, b"new")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def run_python(code):
    """Run code in a fresh interpreter that sees what this one sees. Raises CalledProcessError when it fails."""
    environment = {"PYTHONPATH": ":".join(sys.path), "PATH": ""}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def written_elsewhere(tmp_path_factory):
    """The folder that a process writes which does nothing else, and the modules that it has loaded then."""
    folder = tmp_path_factory.mktemp("elsewhere")
    run_python(
        "import sys, pathlib, report_statements; from bench.report import write_report\n"
        f"folder = pathlib.Path({str(folder)!r})\n"
        f"write_report(report_statements.build_statements({ARMS}), folder)\n"
        "(folder / 'modules.txt').write_text('\\n'.join(sys.modules))"
    )
    return folder


def test_the_report_loads_neither_the_recommender_nor_torch(written_elsewhere):
    loaded = (written_elsewhere / "modules.txt").read_text().splitlines()
    assert "bench.report.drawing" in loaded
    assert not {"torch", "transformers", "onnxruntime"} & set(loaded)
    rooms = ("recsys.pipeline", "recsys.encoders", "bench.runner", "bench.measure")
    assert not [name for name in loaded if name.startswith(rooms)]


def test_the_terminal_table_draws_nothing():
    run_python(
        "import sys, report_statements; from rich.console import Console; from bench.report import terminal_table\n"
        "Console().print(terminal_table(report_statements.build_statements(2)))\n"
        "assert not {'matplotlib', 'jinja2'} & set(sys.modules)"
    )
