"""An arm whose encoder is behind /v1/embeddings: against this project's own service its lists are the reference's."""

import json

import pandas as pd
import pytest
from faulty_service import foreign_service, reply
from mini_scenario import EMBEDDED, made_run, scenario_text, write_scenario
from service_process import serving

SERVED = """\
[[arm]]
name = "served"
encoder = ENCODER
placement = "profile"
"""
FAKE = '{ kind = "fake" }'
TINY = '{ kind = "transformer", model = "bert-tiny-uncased", weights = "random" }'
LOAD = """\
[[load]]
kind = "single_stream"
requests = 12
"""
REQUESTS = "[requests]\nhistory = 5\nk = 10\n"


def remote_arm(url, model, extra=""):
    return f"""
[[arm]]
name = "remote"
encoder = {{ kind = "remote", url = "{url}/v1", model = "{model}"{extra} }}
placement = "profile"
"""


@pytest.mark.parametrize(("encoder", "model"), [(FAKE, "served"), (TINY, "bert-tiny-uncased")])
def test_against_our_own_service_its_fidelity_is_1(tmp_path, encoder, model):
    with serving(write_scenario(tmp_path, scenario_text(arms=SERVED.replace("ENCODER", encoder))), "served") as service:
        arms = remote_arm(service.url, model, f", reference = {encoder}")
        text = scenario_text(data=EMBEDDED, requests=REQUESTS, load=LOAD, arms=arms)
        run = made_run(tmp_path, text.replace("warmup_requests = 5", "warmup_requests = 2"))
    row = pd.read_csv(run / "summary.csv").iloc[0]
    assert row["fidelity_at_k"] == 1.0
    assert row["failed"] == 0 and row["recall_at_k"] >= 0


def test_answers_429_are_counted_and_not_repeated(tmp_path):
    asked = []

    def answer(head, body):
        texts = json.loads(body)["input"]
        asked.append(len(texts))
        if len(texts) == 1 and len(asked) % 3 == 0:
            return reply({}, "429 Slow down")
        return reply({"data": [{"index": n, "embedding": [len(text), 1.0]} for n, text in enumerate(texts)]})

    with foreign_service(answer) as service:
        text = scenario_text(requests=REQUESTS, load=LOAD, arms=remote_arm(service.url, "m"))
        run = made_run(tmp_path, text)
    rows = pd.read_parquet(run / "requests.parquet")
    limited = int((rows["outcome"] == "failed").sum())
    assert 0 < limited < len(rows)
    assert json.loads((run / "run.json").read_text())["arms"][0]["errors"] == {"RateLimited: status 429": limited}
