"""A scenario with a password is refused before anything of it is stored, and the password is not repeated."""

import pytest
from mini_scenario import FAKE, scenario_text, write_scenario

from bench.cli import main
from bench.credentials import refuse_passwords
from bench.errors import ConfigError
from bench.scenario_file import read_scenario

SECRET = "hunter2zyl"
ADDRESS = f"redis://:{SECRET}@cache.example.org:6379/0"


def test_a_password_is_refused_and_not_repeated():
    with pytest.raises(ConfigError, match=r"arm\.0\.cache\.url: an address with a password") as told:
        refuse_passwords({"arm": [{"name": "a", "cache": {"kind": "redis", "url": ADDRESS}}]}, "s.toml")
    assert SECRET not in str(told.value)


@pytest.mark.parametrize(
    "text", ["redis://127.0.0.1:6379/0", "redis://reader@host/0", "Which model, a@b://c?", "http://[::1/@:x"]
)
def test_an_address_without_one_is_taken(tmp_path, text):
    refuse_passwords({"question": text}, "s.toml")  # raises nothing
    written = write_scenario(tmp_path, scenario_text(arms=FAKE + f'cache = {{ kind = "redis", url = "{text}" }}\n'))
    assert read_scenario(written).scenario.arm[0].cache.options["url"] == text


@pytest.mark.parametrize("as_override", [False, True])
def test_neither_a_file_nor_an_override_carries_one_into_a_run(tmp_path, capsys, as_override):
    cache = "" if as_override else f'cache = {{ kind = "redis", url = "{ADDRESS}" }}\n'
    words = ["--set", f"arm.fake.cache.url={ADDRESS}"] if as_override else []
    scenario = write_scenario(tmp_path, scenario_text(arms=FAKE + cache))
    assert main(["run", scenario, "--out", str(tmp_path / "results"), *words]) == 2
    assert SECRET not in capsys.readouterr().err
    assert not (tmp_path / "results").exists()
