"""Puts a report into a run's folder, each file whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.analysis.statements import Statements
from bench.report.drawing import Picture, draw_pictures
from bench.report.html import build_html
from bench.report.markdown import build_markdown

PAGE, MARKDOWN, FIGURES = "report.html", "report.md", "figures"


def write(statements: Statements, folder: Path) -> Path:
    """Write pictures, Markdown and page, in this order, so that the page never stands beside older pictures."""
    pictures = draw_pictures(statements)
    write_pictures(pictures, folder / FIGURES)
    write_whole(folder / MARKDOWN, build_markdown(statements, pictures).encode())
    page = folder / PAGE
    write_whole(page, build_html(statements, pictures).encode())
    return page


def write_pictures(pictures: Sequence[Picture], folder: Path) -> None:
    """A picture that is absent this time leaves no older one behind."""
    folder.mkdir(exist_ok=True)
    for picture in pictures:
        for ending, content in (("svg", picture.svg), ("png", picture.png)):
            path = folder / f"{picture.kind}.{ending}"
            if content:
                write_whole(path, content)
            else:
                path.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write under a temporary name beside the file, then rename: a reader sees the old file or the new one."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
