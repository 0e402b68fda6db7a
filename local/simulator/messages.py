"""Requests and answers as the rooms of the simulator see them; the socket side is in server.py."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

Json = dict[str, Any]


@dataclass
class RequestInfo:
    """One request as it is kept in `sim.requests`: no token, no secret.

    `kind`: list, next, get, create, patch (Partner Center); token, devicecode, authorize, metadata, discovery (Entra);
    registration, validation, certificate (webhooks).
    `query` is decoded; `received` is the simulated time; `status` is 0 until answered, and -1 when the connection was
    broken on purpose instead; `waited` is the seconds since the request before, by a monotonic clock.
    """

    kind: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    secure: bool
    received: datetime
    waited: float = 0.0
    status: int = 0

    def as_dict(self) -> Json:
        """For GET /control/requests."""
        return {**self.__dict__, "received": self.received.isoformat()}


@dataclass
class Request:
    """One request with what only the answering room may see."""

    method: str
    path: str
    raw_query: str
    headers: dict[str, str]
    body: bytes
    secure: bool
    kind: str = ""

    @property
    def query(self) -> dict[str, str]:
        """The query, decoded; of a repeated name the last value."""
        return dict(parse_qsl(self.raw_query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        """The form body, decoded."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def json(self) -> Any:
        """The JSON body, None for an empty one. Raises ValueError."""
        return json.loads(self.body) if self.body.strip() else None


@dataclass
class Response:
    """One answer. `broken` asks the server to break the connection: reset, stall, drip, or cut (half of the body)."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json; odata.metadata=minimal"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    broken: str = ""


def json_response(value: Any, status: int = 200, content_type: str = "application/json; charset=utf-8") -> Response:
    """An answer with a JSON body."""
    return Response(status, json.dumps(value, ensure_ascii=False).encode(), content_type)


def html_response(text: str, status: int = 200) -> Response:
    """An answer with an HTML body."""
    return Response(status, text.encode(), "text/html; charset=utf-8")


def page_response(text: str, status: int = 200) -> Response:
    """A page that people look at."""
    # Without an icon named, browsers ask for one, and complain that there is none.
    return html_response(f'<!doctype html><title>Simulator</title><link rel="icon" href="data:,">{text}', status)
