"""The commands of README.md and its chapters are parsed, and run: as they stand where quick, as a dry run where not.

Their links lead somewhere, and what they should name is named.
"""

import json
import re
import shlex
import shutil

import mini_gate
import pytest
import typer
from mini_scenario import scenario_text, write_scenario
from pages import PAGES, ROOT
from service_process import serving
from simulated_once import simulated_once

from bench.cli import build_app, main
from recsys.data.loading import data_dirs_from_environment

TEXTS = {page: page.read_text(encoding="utf-8") for page in PAGES}
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def found(pattern):
    """What all pages hold of it, each once."""
    return list(dict.fromkeys(match for text in TEXTS.values() for match in re.findall(pattern, text, re.MULTILINE)))


COMMANDS = [line.partition("#")[0] for line in found(r"^llm-rec-bench .+$")]
MAKE_TARGETS = found(r"(?:^|`)make (\w+)")
LINKS = [
    pytest.param(page, link, id=f"{page.parent.name}:{link}")
    for page, text in TEXTS.items()
    for link in dict.fromkeys(re.findall(r"\]\(([^):]+)\)", text))
]
QUICK = {
    "evaluate": "--users 5 --arm tfidf --out OUT",
    "capacity": "--probes 3 --probe-s 1.5 --set arm.minilm-int8.encoder={kind='fake',service_ms=2} --out OUT",
    "plan": "--slo p90_ms=50 --point-s 0.3 --set arm.minilm-int8.encoder={kind='fake',service_ms=1} --out OUT",
    "doctor": "--processes 2 --blocks 4 --requests 160",
    "explain": "--request 10",
    "encode-catalogue": "--set arm.minilm-int8.encoder={kind='fake'}",
    "timeline": "--request 10",
    "hotspots": "--requests 20 --out OUT/arm.pstats",
    "roofline": "--texts 100 --rounds 1 --seconds 0.2 --arm minilm-int8",
    "index-ladder": "--sizes 200 --queries 10 --rounds 1 --index exact",
    "calibrate": "--quick --skip-loadgen --rates 500 --seconds 0.3",
}
"""What makes a command short without changing what it does."""
LONG = ("capacity", "plan", "doctor --aa")
"""Long even so; each has short tests of its own."""


def is_long(line):
    return line.split(maxsplit=1)[1].startswith(LONG)


@pytest.fixture(autouse=True, scope="module")
def same_data():
    with simulated_once():
        yield


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("readme")
    assert main(["run", str(write_scenario(folder, scenario_text())), "--out", str(folder / "results")]) == 0
    older = folder / "results" / "older"
    shutil.copytree((folder / "results" / "latest").resolve(), older)
    run = json.loads((older / "run.json").read_text(encoding="utf-8"))
    (older / "run.json").write_text(json.dumps(run | {"id": "older"}), encoding="utf-8")
    return folder


def test_there_are_commands():
    assert len(COMMANDS) >= 6


@pytest.mark.parametrize("target", MAKE_TARGETS)
def test_each_make_target_exists(target):
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize("line", COMMANDS)
def test_each_command_has_the_verb_and_the_options_that_it_needs(line):
    verb, *words = shlex.split(line)[1:]
    command = typer.main.get_command(build_app()).commands[verb]
    context = command.make_context(verb, list(words))  # raises for an option that it lacks or cannot read
    assert not context.args, "no word is left over"
    assert all(any(option in parameter.opts for parameter in command.params)
               for option in words if option.startswith("--"))  # fmt: skip


@pytest.mark.parametrize("line", [pytest.param(line, marks=pytest.mark.verify) if is_long(line) else line
                                  for line in COMMANDS])  # fmt: skip
def test_command(line, results, monkeypatch, tmp_path):
    verb, *words = shlex.split(line)[1:]
    monkeypatch.chdir(results)
    monkeypatch.setattr("bench.experiments.calibrate.QUICK_SHARE", 0.1)
    if "DIR" in words:
        folders = [folder for folder in data_dirs_from_environment() if (ROOT / folder / "amazon-games").is_dir()]
        if not folders:
            pytest.skip("amazon-games not found: set LLM_REC_BENCH_DATA to the folder that holds it")
        words = [str((ROOT / folders[0]).resolve()) if word == "DIR" else word for word in words]
    words = [str(ROOT / word) if word.startswith("scenarios/") else word for word in words]
    if verb == "serve":  # it ends when it is told to, so it gets a process of its own
        scenario, _, arm = words
        with serving(scenario, arm) as service:
            assert service.get("/health")[0] == 200
        return
    if verb == "run" and "--dry-run" not in words:
        words.append("--dry-run")
    if verb == "gate":  # the checkout that is tested may have no origin
        small = tmp_path / "mini_gate.toml"
        small.write_text(mini_gate.with_only("control"), encoding="utf-8")
        words = [str(small), *("HEAD" if word == "origin/main" else word for word in words[1:])]
    if verb == "export":
        pytest.importorskip("tensorboard", reason="the extra tensorboard is not installed")
    if verb != "doctor" or "--aa" in words:
        words += QUICK.get(verb, "").replace("OUT", str(tmp_path)).split()
    held_still = (0, 3) if verb == "gate" else (0,)
    assert main([verb, *words]) in held_still


@pytest.mark.parametrize(("page", "link"), LINKS)
def test_each_link_leads_somewhere(page, link):
    """From the folder of the page that holds it; where it names a heading, to that heading."""
    file, _, heading = link.partition("#")
    target = page.parent / file if file else page
    assert target.exists()
    if heading:
        assert heading in headings(target)


def headings(page):
    """As links name them: small letters, hyphens for spaces, no other signs."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}


def test_each_scenario_is_named():
    names = {path.stem for path in (ROOT / "scenarios").glob("*.toml")}
    assert names <= set(re.findall(r"`(\w+)`", TEXTS[ROOT / "README.md"]))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_no_line_is_longer_than_code_may_be(page):
    assert not [line for line in TEXTS[page].splitlines() if len(line) > 120]
