"""Makes a picture's SVG half as large without changing what is seen: the page must stay under two megabytes."""

from __future__ import annotations

import re

DECIMALS = 2
"""Of a point (1/72 inch): a hundredth is far under a pixel."""

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_BETWEEN_TAGS = re.compile(r">\s+<")
_PATH_DATA = re.compile(r'(\sd=")([^"]*)(")')
_LONG_DECIMAL = re.compile(rf"-?\d+\.\d{{{DECIMALS + 1},}}")


def slim(svg: str) -> str:
    """The same picture without comments and indentation, with its outlines rounded to a hundredth of a point."""
    bare = _BETWEEN_TAGS.sub("><", _COMMENT.sub("", svg))
    return _PATH_DATA.sub(lambda found: found[1] + _short(found[2]) + found[3], bare).strip() + "\n"


def _short(path_data: str) -> str:
    rounded = _LONG_DECIMAL.sub(lambda number: f"{float(number[0]):.{DECIMALS}f}".rstrip("0").rstrip("."), path_data)
    return " ".join(rounded.split())
