"""Whatever a scenario file holds, it is understood or refused in one message that says what, where and what next."""

import copy
import tomllib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mini_scenario import FAKE, LOAD, TFIDF, scenario_text, write_scenario

from bench.errors import ConfigError
from bench.scenario_file import Overrides, read_scenario

SERVER = """\
[[load]]
kind = "server"
arrivals = { kind = "poisson" }
rates_per_s = [RATE]
requests = 20
"""


def refusal(folder, text, **overrides):
    with pytest.raises(ConfigError) as caught:
        read_scenario(write_scenario(folder, text), Overrides(**overrides))
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            scenario_text(requests="[requests]\nhistroy = 5"),
            ['requests: unknown key "histroy"', 'did you mean "history"?', "Known: "],
        ),
        (scenario_text(arms=FAKE + 'devise = "cpu"'), ['arm "fake": unknown key "devise"', 'did you mean "device"?']),
        (scenario_text(requests='[requests]\nk = "many"'), ["requests: k", "integer", "'many'"]),
        (scenario_text(arms=FAKE + "threads = 0"), ['arm "fake": threads', "greater than or equal to 1"]),
        (scenario_text(load=SERVER.replace("RATE", "0")), ["rate must be above 0"]),
        (scenario_text(load=SERVER.replace("RATE", "inf")), ["rate must be above 0"]),
        (scenario_text(load=SERVER.replace("[RATE]", "[]")), ["rates_per_s is missing or empty", "Next:"]),
        (scenario_text(load=LOAD + "rates_per_s = [5]"), ["rates_per_s has no meaning", "single_stream"]),
        (
            scenario_text(load=LOAD.replace("single_stream", "single_steam")),
            ['unknown load "single_steam"', 'did you mean "single_stream"?'],
        ),
        (
            scenario_text(load=SERVER.replace("poisson", "poison").replace("RATE", "5")),
            ['unknown arrivals "poison"', "did you mean"],
        ),
        (scenario_text(arms=FAKE.replace('"fake" }', '"fakes" }')), ['arm "fake"', 'unknown encoder "fakes"']),
        (scenario_text(arms=FAKE.replace('"fake" }', '"fake", speed = 3 }')), ['arm "fake"', 'unknown option "speed"']),
        (
            scenario_text(arms=FAKE.replace('"profile"', '"profiles"')),
            ['unknown placement "profiles"', 'did you mean "profile"?'],
        ),
        (
            scenario_text(arms=FAKE + 'reranking = { kind = "cross_encode" }'),
            ['arm "fake"', 'unknown reranking "cross_encode"', 'did you mean "cross_encoder"?'],
        ),
        (
            scenario_text(arms=FAKE + 'reranking = { kind = "llm_list", new_token = 5 }'),
            ['reranking "llm_list": unknown option "new_token"', "new_tokens"],
        ),
        (
            scenario_text(arms=FAKE + 'serving = { kind = "microbatch", max_token = 5 }'),
            ['unknown option "max_token"', "max_tokens"],
        ),
        (scenario_text(data='[data]\nkind = "embeded"'), ["data: ", 'did you mean "embedded"?']),
        (scenario_text(data='[data]\nkind = "embedded"\nuser = 3'), ['unknown option "user"', 'did you mean "users"?']),
        (scenario_text(data=""), ["data is missing", "Next:"]),
        (scenario_text(load=""), ["load is missing", "Next:"]),
        ("name = 'a'\nname name\n", ["not a TOML file", "line 2"]),
    ],
)
def test_one_message_says_what_and_where(tmp_path, text, said):
    message = refusal(tmp_path, text)
    assert message.startswith(str(tmp_path / "mini.toml"))
    for words in said:
        assert words in message
    assert "\n" not in message.split("not a TOML file")[0]


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"values": ("requests.kk=3",)}, 'requests: unknown key "kk"'),
        ({"values": ("nonsense.k=3",)}, 'unknown key "nonsense"'),
        ({"values": ("arm.fak.device=cpu",)}, 'unknown arm "fak" (did you mean "fake"?)'),
        ({"values": ("load.7.requests=3",)}, 'unknown load "7"'),
        ({"values": ("requests.k.x=3",)}, "is no table"),
        ({"values": ("arm.x=3",)}, "is no table"),
        ({"values": ("requests.k",)}, "not of the form key=value"),
        ({"values": ("=3",)}, "not of the form key=value"),
        ({"arms": ("fkae",)}, 'unknown arm "fkae" (did you mean "fake"?). Known: fake'),
    ],
)
def test_an_override_that_leads_nowhere_is_refused(tmp_path, overrides, said):
    assert said in refusal(tmp_path, scenario_text(), **overrides)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "mini.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not a TOML file"):
        read_scenario(path)


def test_a_scenario_that_is_nowhere_is_told_with_those_that_are_known(tmp_path):
    with pytest.raises(ConfigError, match=r'scenario quickstrat: no such file \(did you mean "quickstart"\?\)'):
        read_scenario("quickstrat")


def test_arms_are_kept_by_name_and_models_moved_by_device(tmp_path):
    path = write_scenario(tmp_path, scenario_text(arms=TFIDF + FAKE))
    assert [arm.name for arm in read_scenario(path, Overrides(arms=("fake",))).scenario.arm] == ["fake"]
    moved = read_scenario(path, Overrides(device="cuda:0"))
    assert [arm.device for arm in moved.scenario.arm] == ["cpu", "cuda:0"], "the baseline has no model to move"
    assert moved.overrides == ("--device cuda:0",)


SOUND = tomllib.loads(scenario_text(arms=TFIDF + FAKE))
PLACES = [
    ("name",), ("question",), ("seed",), ("data",), ("data", "kind"), ("requests",), ("requests", "k"), ("load",),
    ("load", 0), ("load", 0, "kind"), ("load", 0, "requests"), ("blocks", "count"), ("arm",), ("arm", 0),
    ("arm", 1, "name"), ("arm", 1, "encoder"), ("arm", 1, "encoder", "kind"), ("arm", 1, "placement"),
]  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**20) | st.floats(allow_subnormal=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kind", "name", "k", "x"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(
    st.sampled_from(PLACES),
    values,
    st.sampled_from([{}, {"values": ("arm.fake.device=cpu",)}, {"arms": ("fake",)}, {"device": "cpu"}]),
)
def test_no_value_in_any_place_is_more_than_a_config_error(tmp_path, monkeypatch, place, value, overrides):
    raw = copy.deepcopy(SOUND)
    table = raw
    for step in place[:-1]:
        table = table[step]
    table[place[-1]] = value
    path = write_scenario(tmp_path)
    monkeypatch.setattr(
        "bench.scenario_file.tomllib.loads", lambda text: raw if "question" in text else {"value": "cpu"}
    )
    message = path
    try:
        read_scenario(path, Overrides(**overrides))
    except ConfigError as error:
        message = str(error)
    assert message.startswith(path)
