"""Makes a picture's SVG a third as large without changing what is seen: the page must stay under two megabytes."""

from __future__ import annotations

import re

DECIMALS = 2
"""Of a point (1/72 inch): a hundredth is far under a pixel."""

GLYPH_DECIMALS = 1
"""Of a hundredth of the font's size, in which letters are set."""

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_BETWEEN_TAGS = re.compile(r">\s+<")
_PATH_DATA = re.compile(r'(\sd=")([^"]*)(")')
_LONG_DECIMAL = re.compile(rf"-?\d+\.\d{{{DECIMALS + 1},}}")
_LEVEL = re.compile(r"M (\S+) (\S+) L (\S+) \2(?= M|$)")
_AGAIN = re.compile(r"(?<=L)( [^A-Za-z]+) L(?= )")
_GLYPH = re.compile(r'<path id="(DejaVu[\w-]+)"')
_LETTER = re.compile(r'<use xlink:href="#(DejaVu[\w-]+)"(?: transform="translate\(([-\d.]+) 0\)")?/>')


def slim(svg: str) -> str:
    """The same picture without comments and indentation, with rounded outlines and short names for letters.

    A letter becomes `<use xlink:href="#g7" x="86.3"/>`: x moves it as its transform did.
    """
    bare = _BETWEEN_TAGS.sub("><", _COMMENT.sub("", svg))
    named = _with_short_names(bare)
    return _PATH_DATA.sub(lambda found: found[1] + _short(found[2]) + found[3], named).strip() + "\n"


def _with_short_names(svg: str) -> str:
    """Glyphs numbered in the order in which they are defined first."""
    names = {glyph: f"g{place}" for place, glyph in enumerate(dict.fromkeys(_GLYPH.findall(svg)))}

    def letter(found: re.Match[str]) -> str:
        across = _rounded(found[2], GLYPH_DECIMALS) if found[2] else "0"
        return f'<use xlink:href="#{names[found[1]]}"' + (f' x="{across}"/>' if across != "0" else "/>")

    return _GLYPH.sub(lambda found: f'<path id="{names[found[1]]}"', _LETTER.sub(letter, svg))


def _short(path_data: str) -> str:
    """Rounded; a line that goes on needs no further L, a level one no second height."""
    rounded = _LONG_DECIMAL.sub(lambda number: _rounded(number[0], DECIMALS), path_data)
    level = _LEVEL.sub(r"M \1 \2 H \3", " ".join(rounded.split()))
    return _AGAIN.sub(r"\1", _AGAIN.sub(r"\1", level))


def _rounded(number: str, decimals: int) -> str:
    return f"{float(number):.{decimals}f}".rstrip("0").rstrip(".")
