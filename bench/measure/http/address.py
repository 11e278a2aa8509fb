"""Where requests go."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from bench.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Address:
    """scheme: "http" or "https". path: with the query, as it stands in a request's first line."""

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def of(cls, url: str) -> Address:
        """Raises ConfigError for what is no address of HTTP, and for one with a password, which a run would keep."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise ConfigError(f"url: {error}. Next: for example http://127.0.0.1:8000") from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError(f'url = "{url}" is no address of HTTP. Next: for example http://127.0.0.1:8000')
        if parts.username or parts.password:
            raise ConfigError("url: it holds a name or password, which runs would keep. Next: headers_from_env")
        path = parts.path.rstrip("/") if parts.path == "/" else parts.path
        query = f"?{parts.query}" if parts.query else ""
        return cls(parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80), path + query)

    @property
    def is_encrypted(self) -> bool:
        """Whether TLS is spoken."""
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        """host:port, as in the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Without the path, which may say more than a report should."""
        return f"{self.scheme}://{self.authority}"
