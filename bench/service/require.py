"""The libraries that serving takes, told before anything is built."""

from __future__ import annotations

from importlib.util import find_spec

from recsys.errors import MissingLibrary

LIBRARIES = ("starlette", "uvicorn", "httptools", "prometheus_client")
EXTRA = "serve"


def require_libraries() -> None:
    """Raise MissingLibrary unless all are installed."""
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if missing:
        raise MissingLibrary(
            f"serve needs {', '.join(missing)}, not installed. Next: pip install 'llm-rec-bench[{EXTRA}]'"
        )
