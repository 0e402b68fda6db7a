"""Requests as the Functions worker hands them to a function."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from azure.functions import HttpRequest


def get(path: str, *, headers: Mapping[str, str] | None = None, route: Mapping[str, str] | None = None) -> HttpRequest:
    """A GET of a path with its query, percent-encoded as on the wire; repeated values are joined as the worker does it."""
    query = parse_qs(urlsplit(path).query, keep_blank_values=True)
    return HttpRequest(
        method="GET",
        url=f"http://127.0.0.1:7071{path}",
        headers=dict(headers or {}),
        params={name: ",".join(values) for name, values in query.items()},
        route_params=dict(route or {}),
        body=b"",
    )


def put(path: str, body: bytes, *, route: Mapping[str, str] | None = None) -> HttpRequest:
    """A PUT of JSON."""
    return _sent("PUT", path, body, route)


def delete(path: str, *, route: Mapping[str, str] | None = None) -> HttpRequest:
    """A DELETE."""
    return _sent("DELETE", path, b"", route)


def post(path: str, body: bytes, *, route: Mapping[str, str] | None = None) -> HttpRequest:
    """A POST of JSON."""
    return _sent("POST", path, body, route)


def _sent(method: str, path: str, body: bytes, route: Mapping[str, str] | None) -> HttpRequest:
    return HttpRequest(
        method=method,
        url=f"http://127.0.0.1:7071{path}",
        headers={"content-type": "application/json"},
        params={},
        route_params=dict(route or {}),
        body=body,
    )
