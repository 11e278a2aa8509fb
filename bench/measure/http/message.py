"""Requests as the bytes that go over the wire."""

from __future__ import annotations

from collections.abc import Mapping

from bench.measure.http.address import Address


class Form:
    """Requests of one method and route, which differ in their path's values and their body alone.

    headers: beside, or in place of, Host, Accept and Content-Type; Content-Length is the form's own.
    """

    def __init__(self, method: str, address: Address, path: str, headers: Mapping[str, str]) -> None:
        self._method = method
        self._path = address.path + path
        own = {name.lower() for name in headers}
        usual = {"Host": address.authority, "Accept": "application/json", "Content-Type": "application/json"}
        sent = {name: value for name, value in usual.items() if name.lower() not in own} | dict(headers)
        lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        self._headers = f" HTTP/1.1\r\n{lines}Content-Length: "

    def filled(self, body: bytes, path: str | None = None) -> bytes:
        """One request. path: in place of the form's own."""
        head = f"{self._method} {self._path if path is None else path}{self._headers}{len(body)}\r\n\r\n"
        return head.encode("latin-1") + body
