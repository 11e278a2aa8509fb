"""Templates of foreign requests: `{user}` and its like stand for values of the request, in the address and the body."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import quote

from bench.errors import ConfigError

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
"""No JSON has a name without quotes right after a brace, so nothing else looks like one."""
Values = Mapping[str, object]


def check_template(text: str, known: tuple[str, ...], where: str) -> None:
    """Raise ConfigError for a placeholder that is none of these."""
    for name in _PLACEHOLDER.findall(text):
        if name not in known:
            raise ConfigError(f"{where}: unknown placeholder {{{name}}}. Known: {', '.join(known)}. Next: mend it")


def filled_body(template: str, values: Values) -> bytes:
    """Texts are escaped as inside a JSON string, whose quotes stand in the template; numbers and lists are JSON."""
    return _PLACEHOLDER.sub(lambda found: _in_json(values[found[1]]), template).encode()


def filled_path(template: str, values: Values) -> str:
    """Every value is percent-encoded; a list is joined by commas."""
    return _PLACEHOLDER.sub(lambda found: _in_path(values[found[1]]), template)


def uses(template: str, name: str) -> bool:
    """Whether the placeholder stands in it."""
    return name in _PLACEHOLDER.findall(template)


def _in_json(value: object) -> str:
    text = json.dumps(value)
    return text[1:-1] if isinstance(value, str) else text


def _in_path(value: object) -> str:
    text = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return quote(text, safe="")
