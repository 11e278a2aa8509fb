"""What a stored run knows of people: salted hashes, and with --keep-texts their words and histories, never without."""

import base64
import hashlib
import json
from types import SimpleNamespace

import pandas as pd
import pyarrow.parquet as pq
import pytest
from mini_scenario import LOAD, TFIDF, write_scenario

from bench import runner
from bench.cli import main
from bench.measure.slices import cut_slices
from bench.scenario_file import read_scenario
from bench.traffic.requests import draw_trace
from recsys.data.loading import load_dataset
from recsys.types import RequestKind

SALT = bytes(range(100, 116))
N_USERS = 12
K = 2
TEXT = f"""\
name = "private"
question = "Who is told?"

[data]
kind = "csv"
path = "shop"

[requests]
history = 4
k = {K}
feedback_share = 0.3
queries = {{ words = [2, 2], share = 0.5 }}

{LOAD.replace("20", "40")}
[blocks]
count = 2
warmup_requests = 5

{TFIDF}
"""


def write_shop(folder):
    """Items, users and words whose names stand nowhere else: item ids may be recommended, titles are personal here."""
    shop = folder / "shop"
    shop.mkdir(parents=True)
    items = "".join(f"item{place:02},zyltitle{place:02}aa zyltitle{place:02}bb\n" for place in range(20))
    (shop / "items.csv").write_text(f"item_id,title\n{items}", encoding="utf-8")
    rows = [
        f"{1_000 + 60 * step},zylperson{step * 7 % N_USERS:02},item{step * 11 % 20:02},zylwords{step:03}\n"
        for step in range(240)
    ]
    (shop / "interactions.csv").write_text(f"timestamp,user_id,item_id,text\n{''.join(rows)}", encoding="utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run without and one with the texts, of the same salt, and the trace of both."""
    folder = tmp_path_factory.mktemp("private")
    write_shop(folder)
    scenario = write_scenario(folder, TEXT)
    patch = pytest.MonkeyPatch()
    patch.setattr(runner, "secrets", SimpleNamespace(token_bytes=lambda n: SALT[:n]))
    for name, words in (("plain", ()), ("kept", ("--keep-texts",))):
        assert main(["run", scenario, "--data-dir", str(folder), "--out", str(folder / name), *words]) == 0
    patch.undo()
    resolved = read_scenario(scenario).scenario
    dataset = load_dataset("csv", data_dirs=(folder,), **resolved.data.options)
    slices = cut_slices(resolved)[1]
    trace = draw_trace(resolved, dataset, slices[-1].high, (folder,))
    folders = {name: (folder / name / "latest").resolve() for name in ("plain", "kept")}
    return SimpleNamespace(folder=folder, scenario=scenario, trace=trace, slices=slices, **folders)


@pytest.fixture(scope="module")
def own_words(made):
    """A run of a data set that was told to hold its users' words, with a salt that nobody planted."""
    words = ["--keep-texts", "--set", "data.keep_texts=true", "--data-dir", str(made.folder)]
    assert main(["run", made.scenario, *words, "--out", str(made.folder / "words")]) == 0
    return (made.folder / "words" / "latest").resolve()


def contents(folder):
    """Every file of a run by name, as bytes; of Parquet files every value as well, since those are packed."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        found[str(path.relative_to(folder))] = path.read_bytes()
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            found[f"{path.name} unpacked"] = json.dumps([str(table.schema), table.to_pydict()], default=str).encode()
    return found


def test_nothing_of_a_person_is_stored_unless_asked_for(made):
    files = contents(made.plain)
    assert {"run.json", "requests.parquet", "report.html", "report.md"} <= set(files)
    assert "texts.parquet" not in files
    for name, content in files.items():
        for personal in (b"zylperson", b"zyltitle", b"zylwords"):
            assert personal not in content, f"{personal.decode()} in {name}"
    shown = pq.read_table(made.plain / "requests.parquet")["recommended"].combine_chunks().flatten()
    assert set(shown.to_pylist()) <= {f"item{place:02}" for place in range(20)}, "what was recommended is told by id"


def test_the_salt_is_stored_nowhere(made):
    spelled = [SALT, SALT.hex().encode(), base64.b64encode(SALT), str(list(SALT)).encode(), repr(SALT).encode()]
    for folder in (made.plain, made.kept):
        for name, content in contents(folder).items():
            assert not [form for form in spelled if form in content], name


def test_a_user_is_a_salted_hash(made):
    users = set(pq.read_table(made.plain / "requests.parquet")["user"].to_pylist())
    names = [f"zylperson{number:02}" for number in range(N_USERS)]
    assert users <= {hashlib.sha256(SALT + name.encode()).hexdigest()[:12] for name in names}
    assert not users & {hashlib.sha256(name.encode()).hexdigest()[:12] for name in names}, "else names can be guessed"


def test_each_run_has_a_salt_of_its_own(made, own_words, tmp_path):
    assert main(["run", made.scenario, "--data-dir", str(made.folder), "--out", str(tmp_path)]) == 0
    runs = (own_words, tmp_path / "latest")
    one, two = (set(pq.read_table(run / "requests.parquet")["user"].to_pylist()) for run in runs)
    assert len(one) > 1
    assert not one & two, "the same people, and nobody can tell"


def test_texts_are_kept_when_asked_for(made):
    kept = pq.read_table(made.kept / "texts.parquet").to_pylist()
    trace, low = made.trace, made.slices[0].low
    requests = [(row, request) for row, request in enumerate(trace.requests(0, len(trace))) if row >= low]
    lists = {row: request for row, request in requests if request.kind is RequestKind.RECOMMEND}
    assert [each["row"] for each in kept] == list(lists)
    assert any(each["query"] for each in kept)
    for each in kept:
        assert (each["query"] or "") == lists[each["row"]].query
        assert 1 <= len(each["history_item_ids"]) <= 4
        number = [item_id.removeprefix("item") for item_id in each["history_item_ids"]]
        assert each["history_titles"] == [f"zyltitle{place}aa zyltitle{place}bb" for place in number]
    first = kept[0]
    request = lists[first["row"]]
    known = trace.dataset.by_user.before(request.user, trace.requests(low, low + 1)[0].timestamp_s)
    assert first["history_item_ids"] == [trace.dataset.items[item].item_id for item in known.item[-4:].tolist()]


def test_feedback_of_the_slice_is_part_of_the_history_that_is_kept(made):
    kept = {each["row"]: each for each in pq.read_table(made.kept / "texts.parquet").to_pylist()}
    checked = 0
    for part in made.slices:
        fed = {}
        for request in made.trace.requests(part.low, part.high):
            if request.kind is RequestKind.FEEDBACK:
                fed[request.user] = made.trace.dataset.items[request.item].item_id
            elif request.user in fed:
                assert kept[part.low + request.row]["history_item_ids"][-1] == fed[request.user]
                checked += 1
    assert checked


def test_the_users_own_words_are_kept_beside_their_events(made, own_words):
    """Only where the data set was told to hold them; each word is that of the event with the item."""
    kept = pq.read_table(own_words / "texts.parquet").to_pandas()
    events = pd.read_csv(made.folder / "shop" / "interactions.csv", dtype=str).set_index("text")["item_id"]
    told = [
        (words, item)
        for row in kept.itertuples()
        for words, item in zip(row.history_words, row.history_item_ids, strict=True)
        if words is not None
    ]
    assert told
    assert all(events[words] == item for words, item in told)


def test_the_rest_of_the_run_is_the_same_with_and_without(made):
    same = ["row", "user", "request_kind", "recommended", "recall_at_k"]
    plain, kept = (pq.read_table(folder / "requests.parquet", columns=same) for folder in (made.plain, made.kept))
    assert plain.equals(kept)
