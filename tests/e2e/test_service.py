"""An arm as a service: real uvicorn in a process of its own, honest clients and hostile ones."""

import json
import signal
import socket
import threading
import time

import numpy as np
import pytest
from fuzzing import LIMIT, QUIET, damaged
from hypothesis import given, settings
from hypothesis import strategies as st
from mini_scenario import REQUESTS, TFIDF, scenario_text, write_scenario
from service_process import serving

from recsys.data.loading import load_dataset
from recsys.encoders import build_encoder
from recsys.serving.server_timing import parse_server_timing

MICROBATCH = """\
[[arm]]
name = "fake"
encoder = { kind = "fake" }
placement = "profile"
serving = { kind = "microbatch", max_wait_ms = 2.0 }
"""
SLOW = """\
[[arm]]
name = "fake"
encoder = { kind = "fake" }
placement = "profile"
planted_sleep_ms = { encode = 150.0 }
"""


@pytest.fixture(scope="module")
def dataset():
    return load_dataset("embedded", data_dirs=(), users=120)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("service")
    with serving(write_scenario(folder, scenario_text(arms=MICROBATCH)), "fake", "--rewind") as started:
        yield started


def test_it_says_what_it_serves(service, dataset):
    status, told, _ = service.get("/health")
    assert status == 200
    assert (told["status"], told["service"], told["arm"], told["k"]) == ("ok", "llm-rec-bench", "fake", 10)
    assert told["data_sha256"] == dataset.sha256


def test_a_list_comes_with_its_stages(service, dataset):
    status, told, headers = service.post("/recommend", {"user": dataset.user_ids[0], "k": 4})
    assert status == 200
    assert len(told["items"]) == 4
    assert {item["id"] for item in told["items"]} <= {item.item_id for item in dataset.items}
    scores = [item["score"] for item in told["items"]]
    assert scores == sorted(scores, reverse=True)
    lengths_ns = parse_server_timing(headers["server-timing"])
    wanted = ["parse", "queue", "clean", "profile", "prepare", "batch_wait", "encode", "retrieve", "rank", "rerank"]
    assert list(lengths_ns) == [*wanted, "respond", "serialise"]


def test_feedback_is_seen_by_the_next_request(service, dataset):
    user = dataset.user_ids[1]
    first = service.post("/recommend", {"user": user})[1]["items"][0]["id"]
    status, _, headers = service.post("/feedback", {"user": user, "item": first, "event": "purchase"})
    assert status == 200 and "update" in headers["server-timing"]
    assert first not in [item["id"] for item in service.post("/recommend", {"user": user})[1]["items"]]
    service.post("/rewind", {})
    assert service.post("/recommend", {"user": user})[1]["items"][0]["id"] == first, "the world was taken back"


def test_an_item_is_put_with_the_stages_of_an_ingest(service, dataset):
    status, _, headers = service.post("/items", {"item": dataset.items[3].item_id})
    assert status == 200
    assert {"encode", "index"} <= set(parse_server_timing(headers["server-timing"]))


@pytest.mark.parametrize(
    ("path", "content", "status", "said"),
    [
        ("/recommend", {"user": "nobody"}, 404, "none of the 120"),
        ("/recommend", {"user": "u", "k": 11}, 400, "at most 10"),
        ("/recommend", {"user": "u", "k": 0}, 400, "k:"),
        ("/recommend", {"usr": "u"}, 400, "Known keys: user"),
        ("/recommend", b"{", 400, "not JSON"),
        ("/recommend", b"\xff\xfe", 400, "not JSON"),
        ("/recommend", [], 400, ""),
        ("/recommend", {"user": "u", "query": "x" * 5000}, 400, "query"),
        ("/feedback", {"user": "u", "item": "nothing"}, 404, "none of the"),
        ("/items", {"item": "nothing"}, 404, "none of the 600"),
        ("/v1/embeddings", {"input": "a", "model": "other"}, 404, "Known: fake"),
        ("/v1/embeddings", {"input": [], "model": "fake"}, 400, "between 1 and 2048"),
        ("/v1/embeddings", {"input": [1, 2], "model": "fake"}, 400, "input"),
        ("/v1/embeddings", {"input": "a", "model": "fake", "dimensions": 17}, 400, "vectors have 16"),
        ("/nowhere", {}, 404, "POST /recommend"),
        ("/health", {}, 405, "GET /health"),
    ],
)
def test_what_it_does_not_do_it_says(service, path, content, status, said, dataset):
    if isinstance(content, dict) and content.get("user") == "u":
        content = content | {"user": dataset.user_ids[0]}
    found, told, _ = service.post(path, content)
    assert found == status
    assert said in told["error"]["message"]
    assert set(told["error"]) == {"type", "code", "message"}
    assert "xxxx" not in told["error"]["message"], "what a user typed is not repeated"


def test_the_openai_client_reads_its_embeddings(service):
    openai = pytest.importorskip("openai", reason="the client of OpenAI is not installed")
    client = openai.OpenAI(base_url=f"{service.url}/v1", api_key="none", max_retries=0)
    texts = ["first text", "second text", ""]
    wanted = np.asarray(build_encoder("fake").encode(texts))
    for form in ("float", "base64"):
        answer = client.embeddings.create(model="fake", input=texts, encoding_format=form)
        vectors = [entry.embedding for entry in answer.data]
        if form == "base64" and isinstance(vectors[0], str):
            import base64

            vectors = [np.frombuffer(base64.b64decode(vector), "<f4") for vector in vectors]
        assert np.array(vectors, np.float32) == pytest.approx(wanted, abs=1e-7)
        assert answer.usage.prompt_tokens == 12
    default = client.embeddings.create(model="fake", input="first text", dimensions=4)
    cut = wanted[0, :4] / np.linalg.norm(wanted[0, :4])
    assert default.data[0].embedding == pytest.approx(cut, abs=1e-6)
    with pytest.raises(openai.NotFoundError):
        client.embeddings.create(model="other", input="a")


def test_prometheus_reads_its_metrics(service, dataset):
    parser = pytest.importorskip("prometheus_client.parser", reason="the client of Prometheus is not installed")
    service.post("/recommend", {"user": dataset.user_ids[0]})
    _, page, _ = service.get("/metrics")
    families = {family.name: family for family in parser.text_string_to_metric_families(page)}
    routes = {
        (sample.labels.get("route"), sample.labels.get("status")) for sample in families["llm_rec_requests"].samples
    }
    assert ("/recommend", "200") in routes
    stages = {sample.labels.get("stage"): sample.value for sample in families["llm_rec_stage_seconds"].samples}
    assert stages["encode"] > 0
    assert dataset.user_ids[0] not in page


def raw(service, content, wait_s=10):
    """What comes back for these bytes until the other side ends the connection or nothing more comes."""
    with socket.create_connection((service.host, service.port), wait_s) as sock:
        sock.sendall(content)
        sock.shutdown(socket.SHUT_WR)
        answer = b""
        while part := sock.recv(65536):
            answer += part
    return answer


def test_hostile_clients_are_told_or_cut_off_and_the_next_is_served(service, dataset):
    head = b"POST /recommend HTTP/1.1\r\nHost: x\r\nContent-Length: "
    assert b" 400 " in raw(service, b"\x16\x03\x01 garbage\r\n\r\n").split(b"\r\n")[0]
    assert b" 413 " in raw(service, head + b"99999999\r\n\r\n{").split(b"\r\n")[0]
    raw(service, head + b'50\r\n\r\n{"user"')  # ends half-way
    raw(service, b"POST /recommend HT")
    chunked = b"POST /recommend HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    huge = chunked + (b"10000\r\n" + b"x" * 0x10000 + b"\r\n") * 17 + b"0\r\n\r\n"
    assert b" 413 " in raw(service, huge).split(b"\r\n")[0]
    half_open = [socket.create_connection((service.host, service.port)) for _ in range(50)]
    for sock in half_open:
        sock.sendall(head + b"20\r\n\r\n{")
    assert service.post("/recommend", {"user": dataset.user_ids[0]})[0] == 200
    for sock in half_open:
        sock.close()
    assert service.get("/health")[0] == 200


@pytest.mark.parametrize("cases", [150, pytest.param(5_000, marks=pytest.mark.verify)])
def test_no_body_breaks_it(service, dataset, cases):
    """Damaged and foreign bodies on every route: answered or refused, never an error of the service."""
    good = {
        "/recommend": {"user": dataset.user_ids[0], "k": 3, "query": "red cup", "timestamp": 10**9},
        "/feedback": {"user": dataset.user_ids[0], "item": dataset.items[0].item_id, "event": "click"},
        "/items": {"item": dataset.items[0].item_id},
        "/v1/embeddings": {"input": ["a", "b"], "model": "fake", "dimensions": 4},
        "/rewind": {"timestamp": 10**9},
    }
    route = st.sampled_from(sorted(good))
    seen = set()

    @settings(max_examples=cases, deadline=LIMIT, suppress_health_check=QUIET, database=None)
    @given(sent=route.flatmap(lambda path: st.tuples(st.just(path), damaged(json.dumps(good[path]).encode()))))
    def try_one(sent):
        status, told, _ = service.post(*sent)
        seen.add(status)
        assert status in (200, 400, 404, 413), told

    try_one()
    assert {200, 400} <= seen
    assert service.post("/recommend", good["/recommend"])[0] == 200


@pytest.fixture(scope="module")
def slow_scenario(tmp_path_factory):
    return write_scenario(tmp_path_factory.mktemp("slow"), scenario_text(arms=SLOW))


def ask_together(service, user, n):
    """Statuses and headers of n requests sent at once."""
    found = []

    def ask():
        status, _, headers = service.post("/recommend", {"user": user})
        found.append((status, headers))

    threads = [threading.Thread(target=ask) for _ in range(n)]
    for thread in threads:
        thread.start()
    return threads, found


def test_a_full_queue_and_a_late_answer_are_told_and_it_recovers(slow_scenario, dataset):
    with serving(slow_scenario, "fake", "--queue-limit", "3", "--timeout-ms", "400") as service:
        threads, found = ask_together(service, dataset.user_ids[0], 12)
        for thread in threads:
            thread.join()
        statuses = [status for status, _ in found]
        assert set(statuses) == {200, 503, 504}, "at 150 ms each, two fit into 400 ms and three may wait"
        assert all(int(headers["retry-after"]) >= 1 for status, headers in found if status == 503)
        assert service.post("/recommend", {"user": dataset.user_ids[0]})[0] == 200


def test_told_to_end_it_finishes_what_waits_takes_nothing_new_and_exits_with_0(slow_scenario, dataset):
    with serving(slow_scenario, "fake") as service:
        threads, found = ask_together(service, dataset.user_ids[0], 5)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:  # until all have arrived
            health = service.get("/health")[1]
            if health["waiting"] + health["in_flight"] == 5:
                break
        service.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((service.host, service.port), 1).close()
        for thread in threads:
            thread.join()
        assert [status for status, _ in found] == [200] * 5
        assert service.process.wait(20) == 0
        said = service.process.stderr.read()
        assert "Traceback" not in said and dataset.user_ids[0] not in said


def test_sparse_vectors_have_no_form_and_rewinding_is_off_unless_asked_for(tmp_path):
    with serving(write_scenario(tmp_path, scenario_text(requests=REQUESTS, arms=TFIDF)), "tfidf") as service:
        status, told, _ = service.post("/v1/embeddings", {"input": "a", "model": "tfidf"})
        assert status == 400 and "sparse" in told["error"]["message"]
        assert service.post("/rewind", {})[0] == 404
        assert json.dumps(service.get("/health")[1])
