"""Vectors over /v1/embeddings: those of the encoder that is served, to the last bit, and failures that are counted."""

import base64
import json

import numpy as np
import pytest
from faulty_service import foreign_service, reply
from mini_scenario import FAKE, scenario_text, write_scenario
from service_process import serving

from bench.clock import MonotonicClock
from recsys.encoders import build_encoder, exact_reference
from recsys.encoders.remote import RateLimited, RemoteFailure
from recsys.errors import BadOptions, ModelError

TEXTS = ["a quick brown fox", "seven wizards brew", "", "potions beneath pale moons " * 40, "naïve café \ud800", "!?"]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("remote")
    with serving(write_scenario(folder, scenario_text(arms=FAKE)), "fake") as service:
        yield service


@pytest.fixture(scope="module")
def remote(served):
    encoder = build_encoder("remote", clock=MonotonicClock(), url=f"{served.url}/v1", model="fake", max_texts=4)
    yield encoder
    encoder.close()


@pytest.fixture(scope="module")
def here():
    return build_encoder("fake")


def test_its_vectors_are_those_of_the_encoder_behind_it(remote, here):
    assert remote.info.dim == here.info.dim == 16
    there, mine = remote.encode(TEXTS), np.asarray(here.encode(remote.prepare(TEXTS).texts))
    sent = [row for row, text in enumerate(TEXTS) if text.strip()]
    assert (there[sent] * mine[sent]).sum(axis=1) == pytest.approx(1.0, abs=1e-6)
    assert not there[2].any(), "a blank text is not sent"


def test_one_text_alone_is_as_in_a_batch_and_the_order_is_kept(remote):
    together = remote.encode(TEXTS)
    alone = np.concatenate([remote.encode([text]) for text in TEXTS])
    assert np.abs(together - alone).max() < 1e-4
    assert np.abs(remote.encode(TEXTS[::-1])[::-1] - together).max() < 1e-6
    assert remote.encode([]).shape == (0, 16)


def test_prepared_texts_can_be_cut_and_joined(remote):
    whole = remote.prepare(TEXTS)
    assert whole.take(np.array([1, 0], np.intp)).concat([whole]).texts[:3] == (TEXTS[1], TEXTS[0], TEXTS[0])
    assert whole.n_tokens.tolist()[:3] == [4, 3, 0]


def test_fidelity_compares_with_the_encoder_that_is_named():
    reference = {"kind": "transformer", "model": "minilm"}
    options = {"url": "http://a/v1", "model": "x"}
    assert exact_reference("remote", options) is None
    assert exact_reference("remote", options | {"reference": reference}) == reference


def embedding(vector, form="base64"):
    numbers = np.array(vector, "<f4")
    return base64.b64encode(numbers.tobytes()).decode() if form == "base64" else numbers.tolist()


def echo(form, then=None):
    """Answers with vectors of a text's length, in reversed order; `then`: what it answers from the second call on."""
    asked = []

    def answer(head, body):
        asked.append((head, json.loads(body)))
        if then is not None and len(asked) > 1:
            return then
        texts = asked[-1][1]["input"]
        data = [{"index": n, "embedding": embedding([len(text), 0, 0], form)} for n, text in enumerate(texts)]
        return reply({"data": data[::-1]})

    return answer, asked


@pytest.mark.parametrize("form", ["base64", "float"])
def test_vectors_come_in_both_forms_in_any_order_and_are_scaled(form):
    answer, asked = echo(form)
    with foreign_service(answer) as service:
        encoder = build_encoder("remote", url=f"{service.url}/v1", model="m", dimensions=3)
        assert encoder.encode(["ab", "c"]).tolist() == [[1, 0, 0], [1, 0, 0]]
    assert asked[-1][1] == {"input": ["ab", "c"], "model": "m", "encoding_format": "base64", "dimensions": 3}


def test_the_key_is_read_from_the_environment_and_stored_nowhere(monkeypatch):
    answer, asked = echo("float")
    with foreign_service(answer) as service:
        options = {"url": f"{service.url}/v1", "model": "m", "api_key_env": "THEIR_KEY"}
        with pytest.raises(ModelError, match="THEIR_KEY is not set"):
            build_encoder("remote", **options)
        monkeypatch.setenv("THEIR_KEY", "s3cret")
        encoder = build_encoder("remote", **options)
    assert b"Authorization: Bearer s3cret" in asked[0][0]
    assert "s3cret" not in repr(encoder.info)


@pytest.mark.parametrize(
    ("then", "error"),
    [
        (reply({}, "429 Slow"), RateLimited),
        (reply({}, "500 Oh"), RemoteFailure),
        (reply({"data": []}), RemoteFailure),
        (reply([]), RemoteFailure),
        (reply({"data": [{"index": 0, "embedding": "not base64!"}]}), RemoteFailure),
        (reply({"data": [{"index": 0, "embedding": [1.0]}]}), RemoteFailure),
        (reply({"data": [{"index": 1, "embedding": [1.0, 0, 0]}]}), RemoteFailure),
        (reply({"data": [{"index": 0, "embedding": embedding([np.nan, 0, 0])}]}), RemoteFailure),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{", RemoteFailure),
    ],
)
def test_what_is_no_answer_is_an_error_of_its_kind_and_is_not_repeated(then, error):
    answer, asked = echo("float", then)
    with foreign_service(answer) as service:
        encoder = build_encoder("remote", url=f"{service.url}/v1", model="m")
        with pytest.raises(error):
            encoder.encode(["a"])
        assert len(asked) == 2, "one call at the start, one now"


def test_a_lost_connection_is_opened_anew_for_the_next_call():
    asked = []

    def answer(head, body):
        asked.append(body)
        return b"" if len(asked) == 2 else reply({"data": [{"index": 0, "embedding": [1.0]}]})

    with foreign_service(answer) as service:
        encoder = build_encoder("remote", url=f"{service.url}/v1", model="m")
        with pytest.raises(ConnectionError):
            encoder.encode(["a"])
        assert encoder.encode(["a"]).tolist() == [[1.0]]


@pytest.mark.parametrize(
    ("url", "error", "said"),
    [
        ("http://127.0.0.1:1/v1", ModelError, "start it"),
        ("ftp://a/v1", BadOptions, "address of HTTP"),
        ("http://u:p@a/v1", BadOptions, "api_key_env"),
    ],
)
def test_an_endpoint_that_cannot_be_used_is_told(url, error, said):
    with pytest.raises(error, match=said):
        build_encoder("remote", url=url, model="m")
