"""What every verb of the command line promises, whichever file it stands in."""

import inspect

import pytest

from bench.cli import main
from bench.commands import COMMANDS


@pytest.fixture(params=COMMANDS.kinds())
def kind(request):
    return request.param


def test_its_kind_is_the_name_of_its_file(kind):
    command = COMMANDS.get(kind)
    assert command.__module__ == f"{COMMANDS.package}.{kind}"
    assert COMMANDS.entry(kind).summary
    assert (inspect.getdoc(command) or "").split("\n")[0].endswith(".")


def test_it_explains_itself(kind, capsys):
    assert main([kind.replace("_", "-"), "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert (inspect.getdoc(COMMANDS.get(kind)) or "").split("\n")[0] in shown


def test_an_unknown_option_is_a_usage_error_without_a_traceback(kind, capsys):
    assert main([kind.replace("_", "-"), "--no-such-option"]) == 2
    told = capsys.readouterr().err
    assert "--no-such-option" in told
    assert "Traceback" not in told
