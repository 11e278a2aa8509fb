"""The page as a reader gets it: one file, complete, safe, the same each time, and whole in a browser."""

import shutil
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from report_statements import build_statements

from bench.report import write_report
from bench.report.figures import FIGURES

pytestmark = pytest.mark.pictures
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
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


@pytest.fixture(scope="module")
def statements():
    return build_statements(7)


@pytest.fixture(scope="module")
def folder(statements, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    write_report(statements, folder)
    return folder


@pytest.fixture(scope="module")
def page(folder):
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def test_everything_is_written_and_no_partial_file_stays(folder):
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files == {"report.html", "report.md", *(f"figures/{kind}.{end}" for kind in KINDS for end in ("svg", "png"))}


def test_the_same_run_gives_the_same_bytes(statements, folder, tmp_path):
    write_report(statements, tmp_path)
    for path in folder.rglob("*.*"):
        assert path.read_bytes() == (tmp_path / path.relative_to(folder)).read_bytes(), path.name


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


def test_twelve_arms_with_long_labels_stay_under_two_megabytes(tmp_path):
    path = write_report(build_statements(12, 40), tmp_path)
    assert path.stat().st_size < 2_000_000


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


def test_real_data_carry_no_notice_of_simulated_tastes(statements, tmp_path):
    run = {**statements.run, "data": {**statements.run["data"], "simulated": False}}
    path = write_report(replace(statements, run=run, answer="MiniLM adds 10 ms."), tmp_path)
    assert "simulated" not in Page(path.read_text(encoding="utf-8")).text


def test_hostile_text_stays_text(statements, tmp_path):
    evil = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    run = {
        **statements.run, "scenario_text": evil, "command": evil, "warnings": [evil], "overrides": [evil],
        "arms": [{**arm, "label": evil, "reason": evil} for arm in statements.run["arms"]],
        "environment": {evil: {evil: [evil]}},
    }  # fmt: skip
    hostile = Page(write_report(replace(statements, run=run, answer=evil), tmp_path).read_text(encoding="utf-8"))
    assert not hostile.all("script")
    assert len(hostile.all("img")) == len(KINDS)
    assert hostile.text.count("alert(1)") > 10
    assert "<script" not in (tmp_path / "report.md").read_text(encoding="utf-8").replace("\\<script", "")


def test_markdown_links_pictures_that_exist(folder):
    text = (folder / "report.md").read_text(encoding="utf-8")
    links = [part.split(")")[0] for part in text.split("](")[1:]]
    assert len(links) == len(KINDS)
    assert all((folder / link).is_file() for link in links)


def test_a_picture_that_is_gone_leaves_no_older_one_behind(statements, tmp_path):
    write_report(statements, tmp_path)
    summary = statements.summary[statements.summary["load_kind"] != "server"]
    write_report(replace(statements, summary=summary), tmp_path)
    assert not (tmp_path / "figures" / "load_curve.png").exists()
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


def test_the_report_loads_neither_the_recommender_nor_torch(tmp_path):
    run_python(
        "import sys, pathlib, report_statements; from bench.report import write_report\n"
        f"write_report(report_statements.build_statements(2), pathlib.Path({str(tmp_path)!r}))\n"
        "heavy = {'torch', 'transformers', 'onnxruntime'} & set(sys.modules)\n"
        "rooms = ('recsys.pipeline', 'recsys.encoders', 'bench.runner', 'bench.measure')\n"
        "assert not heavy and not [name for name in sys.modules if name.startswith(rooms)]"
    )


def test_the_terminal_table_draws_nothing():
    run_python(
        "import sys, report_statements; from rich.console import Console; from bench.report import terminal_table\n"
        "Console().print(terminal_table(report_statements.build_statements(2)))\n"
        "assert not {'matplotlib', 'jinja2'} & set(sys.modules)"
    )


@pytest.mark.skipif(BROWSER is None, reason="no Chromium here: install chromium to see the page in a real browser")
@pytest.mark.parametrize("width", [420, 1100, 1440])
def test_no_browser_width_makes_the_page_itself_scroll_sideways(folder, tmp_path, width):
    probe = tmp_path / "probe.html"
    measure = (
        "<script>onload=()=>{const d=document.documentElement;"
        "const broken=[...document.images].filter(i=>!i.complete||!i.naturalWidth).length;"
        "d.setAttribute('data-measured',[d.scrollWidth<=d.clientWidth,broken].join())}</script>"
    )
    probe.write_text((folder / "report.html").read_text(encoding="utf-8") + measure, encoding="utf-8")
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", f"--window-size={width},1200",
               f"--user-data-dir={tmp_path / 'profile'}", probe.as_uri()]  # fmt: skip
    dom = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    assert 'data-measured="true,0"' in dom
