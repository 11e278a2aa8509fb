"""What `target = { kind = "http", … }` can say."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from recsys.options import OptionsModel

MOST_CONNECTIONS = 512
"""select takes descriptors below 1,024."""
Method = Literal["GET", "POST", "PUT"]


class Call(OptionsModel):
    """A kind of request of somebody else's service: its address and its body, with placeholders."""

    url: str
    method: Method = "POST"
    body: str = ""


class HttpOptions(OptionsModel):
    """url: of the service. serve: the run starts this project's own service of the arm, and ends it.

    Of somebody else's: method, body and ids (a path of JMESPath to the item ids in the answer), headers,
    headers_from_env (header → environment variable), and feedback and items for what else the trace sends.
    connections: kept alive, each with one request at a time. timeout_ms: longest exchange. queue_limit: of the service
    that the run starts.
    """

    url: str = ""
    serve: bool = False
    method: Method = "POST"
    body: str = ""
    ids: str = ""
    headers: dict[str, str] = {}
    headers_from_env: dict[str, str] = {}
    feedback: Call | None = None
    items: Call | None = None
    connections: int = Field(64, ge=1, le=MOST_CONNECTIONS)
    timeout_ms: float = Field(10_000.0, gt=0)
    queue_limit: int = Field(256, ge=1)

    @model_validator(mode="after")
    def _consistent(self) -> HttpOptions:
        if self.serve == bool(self.url):
            raise ValueError("either url names a running service, or serve = true starts one")
        foreign = {"body", "headers", "headers_from_env", "feedback", "items"} & self.model_fields_set
        if foreign and not self.ids:
            raise ValueError(f'{", ".join(sorted(foreign))}: ids is missing, for example ids = "items[*].id"')
        if self.serve and self.ids:
            raise ValueError("serve starts this project's own service, whose answers need no ids")
        return self

    @property
    def is_foreign(self) -> bool:
        """Whether the service is somebody else's."""
        return bool(self.ids)
