"""A scenario that a gate takes seconds for."""

SCENARIO = """\
name = "mini_gate"
question = "Is it slower?"

[data]
kind = "embedded"
users = 60

[requests]
repeat = "zipf"

[[load]]
kind = "single_stream"
requests = 72

[blocks]
count = 6
warmup_requests = 2

[gate]
blocks = 6
most_blocks = 6
baseline_runs = 3
denominators = { fake = "control" }

[[arm]]
name = "fake"
label = "Fake"
encoder = { kind = "fake", service_ms = 4.0 }
placement = "items"
cache = { capacity_mb = 4 }

[[arm]]
name = "control"
encoder = { kind = "fake", service_ms = 4.0 }
placement = "profile"
"""


def with_only(arm: str, scenario: str = SCENARIO) -> str:
    """The scenario with one of its arms: half the processes, where the other has nothing to add."""
    head, *arms = scenario.split("[[arm]]\n")
    head = head.replace('denominators = { fake = "control" }\n', "")
    return head + "".join("[[arm]]\n" + text for text in arms if text.startswith(f'name = "{arm}"'))
