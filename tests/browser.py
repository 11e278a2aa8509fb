"""A page in a real browser: what it prints to its console, what it asks of a network, and how its parts lie."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
           "--disable-component-update", "--no-first-run", "--enable-logging=stderr", "--v=0")  # fmt: skip
DARK = "--blink-settings=preferredColorScheme=0"
MEASURE = """
<script>onload = () => {
  const found = {sideways: document.documentElement.scrollWidth > document.documentElement.clientWidth,
    broken: [...document.images].filter(i => !i.complete || !i.naturalWidth).length,
    asked: performance.getEntriesByType('resource').map(e => e.name).filter(name => !name.startsWith('data:')),
    wide: [...document.images].filter(i => i.getBoundingClientRect().right > innerWidth + 1).length,
    clipped: [], overlapping: [], faint: []};
  const said = e => e.innerText.trim().slice(0, 60);
  const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if (!/, 0\\)$/.test(c)) return c; } return 'rgb(255, 255, 255)'; };
  for (const e of document.querySelectorAll('h1,h2,h3,p,li,td,th,dt,dd,figcaption,caption,.chips li')) {
    if (!said(e)) continue;
    if (e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflow !== 'visible') found.clipped.push(said(e));
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) found.faint.push(said(e));
  }
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) { const node = walker.currentNode;
    if (!node.data.trim() || !node.parentElement.closest('table, .chips, .findings, dl, figcaption')) continue;
    const range = document.createRange(); range.selectNodeContents(node);
    for (const box of range.getClientRects()) if (box.width > 1) texts.push([box, node.data.trim().slice(0, 40)]); }
  texts.sort((x, y) => x[0].top - y[0].top);
  for (let i = 0; i < texts.length; i++) for (let j = i + 1; j < texts.length; j++) {
    const [a, b] = [texts[i][0], texts[j][0]];
    if (b.top > a.bottom) break;
    const over = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (over > 1.5 && down > 0.5 * Math.min(a.height, b.height)) found.overlapping.push([texts[i][1], texts[j][1]]);
  }
  document.documentElement.setAttribute('data-found', JSON.stringify(found));
  document.documentElement.setAttribute('data-ground', getComputedStyle(document.body).backgroundColor);
}</script>
"""


@dataclass(frozen=True)
class Seen:
    """found: what MEASURE found, `asked` of a network among it; ground: colour of the page; console: messages."""

    found: dict[str, Any]
    ground: str
    console: list[str]


def see(page: Path, folder: Path, width: int, *options: str) -> Seen:
    """Open the page in a window of this width (CSS px). folder: an empty one, for the browser's own files."""
    probe = folder / "probe.html"
    probe.write_text(page.read_text(encoding="utf-8") + MEASURE, encoding="utf-8")
    command = [BROWSER, *OPTIONS, f"--user-data-dir={folder / 'profile'}", *options,
               f"--window-size={width},1200", "--dump-dom", probe.as_uri()]  # fmt: skip
    ended = subprocess.run(command, capture_output=True, text=True, timeout=180, check=True)
    found, ground = (
        html.unescape(re.search(rf'data-{name}="([^"]*)"', ended.stdout)[1]) for name in ("found", "ground")
    )
    console = [line for line in ended.stderr.splitlines() if "CONSOLE" in line]
    return Seen(json.loads(found), ground, console)


def print_pdf(page: Path, folder: Path) -> bytes:
    """The page as it leaves a printer."""
    command = [BROWSER, *OPTIONS, f"--user-data-dir={folder / 'profile'}", "--no-pdf-header-footer",
               f"--print-to-pdf={folder / 'page.pdf'}", page.as_uri()]  # fmt: skip
    subprocess.run(command, capture_output=True, timeout=180, check=True)
    return (folder / "page.pdf").read_bytes()
