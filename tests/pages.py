"""The pages that people read: their commands, links and worked examples are tested."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = tuple(ROOT / page for page in ("README.md", "scenarios/README.md", "bench/service/README.md"))
