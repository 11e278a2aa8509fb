import pytest
from mini_gate import SCENARIO

from bench.errors import ConfigError
from bench.experiments.gate.request import GateRequest
from bench.experiments.gate.side import read_text


def test_a_rule_for_an_arm_that_does_not_exist_names_those_that_do_and_what_next():
    text = SCENARIO.replace('fake = "control"', 'fake = "contrl"')
    with pytest.raises(ConfigError, match=r'"contrl".*control.*Known: fake, control\. Next: '):
        _ = GateRequest(read_text(text, []), text, (), ()).rules
