"""The one place that makes HTTP answers: JSON, problem details (RFC 9457), redirects, files, and every answer's headers."""

from __future__ import annotations

import gzip
import hashlib
import math
import os
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec
from azure.functions import HttpRequest, HttpResponse
from werkzeug.http import parse_accept_header

from shared.core.errors import HunterError
from shared.core.log import in_azure

COMPRESS_BYTES: Final = 1024
"""Bodies longer than this are compressed for clients that take gzip."""
COMPRESSIBLE: Final = (
    "text/",
    "application/json",
    "application/problem+json",
    "image/svg+xml",
    "application/manifest+json",
)

SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
STRICT_TRANSPORT: Final = "max-age=31536000"
NO_STORE: Final = "no-store"
TITLES: Final[Mapping[int, str]] = {
    400: "The request is not valid",
    401: "Sign-in needed",
    403: "Not allowed",
    404: "Not found",
    409: "Not possible in the present state",
    413: "Request too large",
    415: "Unsupported media type",
    422: "Not possible with this referral",
    429: "Too many requests",
    500: "Something went wrong on our side",
    502: "Microsoft did not answer as expected",
    503: "Not possible at the moment",
}

_encoder = msgspec.json.Encoder(decimal_format="number")


def encode(payload: Any) -> bytes:
    """A payload as JSON; decimals are numbers with the digits they have."""
    return _encoder.encode(payload)


def json(
    payload: Any, *, status: int = 200, headers: Mapping[str, str] | None = None, etag: str | None = None
) -> HttpResponse:
    """A JSON answer.

    Args:
        payload: what msgspec can encode, with camelCase keys.
        status: the HTTP status.
        headers: further headers, such as Location.
        etag: what changes whenever the payload does; with it a client that has the same gets 304 (see ``finish``).
    """
    more = dict(headers or {})
    if etag:
        more["ETag"] = tag(etag)
    return HttpResponse(encode(payload), status_code=status, headers=more, mimetype="application/json")


def content(payload: Any) -> HttpResponse:
    """A JSON answer whose tag is made of itself: for what follows from more than the data's version."""
    encoded = encode(payload)
    return json(msgspec.Raw(encoded), etag=hashlib.sha256(encoded).hexdigest()[:32])


def unless_known(request: HttpRequest, question: str, answer: Callable[[], Any]) -> HttpResponse:
    """A JSON answer whose tag is known before it is computed: a client that has it gets 304 at once.

    Args:
        request: the request.
        question: all that the answer follows from: version, moment, and what is asked by whom.
        answer: computes it.
    """
    etag = hashlib.sha256(question.encode("utf-8", "replace")).hexdigest()[:32]
    return json(None if is_unchanged(request, tag(etag)) else answer(), etag=etag)


def nothing() -> HttpResponse:
    """What a deletion answers."""
    return HttpResponse(b"", status_code=204)


def download(body: bytes, name: str, mimetype: str) -> HttpResponse:
    """A file to be kept under a name of ASCII letters."""
    return HttpResponse(
        body, headers={"Content-Disposition": f'attachment; filename="{name}"'}, mimetype=mimetype, charset="utf-8"
    )


def problem(error: HunterError, correlation_id: str) -> HttpResponse:
    """An error as problem details: a stable code, a sentence for people, and nothing of how it came about."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(error.status, "Error"),
        "status": error.status,
        "detail": error.message,
        "code": error.code,
        "correlationId": error.correlation_id or correlation_id,
    }
    body |= error.extra
    if error.subject is not None:
        from shared.web.items import SUBJECTS  # with all that lists are made of, which most errors do without

        member, item = SUBJECTS[type(error.subject)]
        body[member] = item(error.subject)
    headers = {}
    wait = error.usual_wait if error.retry_after is None else error.retry_after
    if wait is not None:
        headers["Retry-After"] = str(max(1, math.ceil(wait)))
    return HttpResponse(encode(body), status_code=error.status, headers=headers, mimetype="application/problem+json")


def empty(status: int = 204) -> HttpResponse:
    """An answer without a body."""
    return HttpResponse(b"", status_code=status)


def redirect(path: str) -> HttpResponse:
    """Send the browser to a path of our own; an address of anybody else's is a mistake of the caller.

    Raises:
        ValueError: it is not a path of ours.
    """
    if not path.startswith("/") or path.startswith("//") or "\\" in path or not path.isprintable():
        raise ValueError("redirects lead to paths of this app only")
    return HttpResponse(b"", status_code=303, headers={"Location": path})


def file(content: bytes, mimetype: str) -> HttpResponse:
    """A file of the page: kept by the browser, asked for again each time, answered with 304 while it is the same."""
    headers = {"Cache-Control": "no-cache", "ETag": tag(hashlib.sha256(content).hexdigest()[:32])}
    return HttpResponse(content, headers=headers, mimetype=mimetype)


def tag(version: str) -> str:
    """A weak entity tag: the body is the same whether or not it is compressed."""
    return f'W/"{quote(version, safe=":")}"'


def is_unchanged(request: HttpRequest, etag: str) -> bool:
    """Whether If-None-Match says that the client already has this version (RFC 9110, 13.1.2: weak comparison)."""
    known = [part.strip().removeprefix("W/") for part in request.headers.get("If-None-Match", "").split(",")]
    return etag.removeprefix("W/") in known or "*" in known


def finish(
    request: HttpRequest, response: HttpResponse, correlation_id: str, environ: Mapping[str, str] | None = None
) -> HttpResponse:
    """What every answer goes through: 304 where nothing changed, gzip, and the security headers.

    Data is never kept by a cache (``no-store``) unless the answer says otherwise, as files of the page do.
    """
    environ = os.environ if environ is None else environ
    status, body = response.status_code, response.get_body()
    headers = dict(response.headers)
    headers.setdefault("Cache-Control", NO_STORE)
    headers |= SECURITY_HEADERS
    headers["X-Correlation-Id"] = correlation_id
    headers["Vary"] = "Accept-Encoding"
    if in_azure(environ):
        headers["Strict-Transport-Security"] = STRICT_TRANSPORT
    etag = headers.get("ETag")
    if etag and status == 200 and request.method in {"GET", "HEAD"} and is_unchanged(request, etag):
        status, body = 304, b""
    elif len(body) > COMPRESS_BYTES and _is_compressible(response.mimetype) and _takes_gzip(request):
        body = gzip.compress(body, compresslevel=5, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return HttpResponse(body, status_code=status, headers=headers, mimetype=response.mimetype, charset=response.charset)


def _is_compressible(mimetype: str) -> bool:
    return mimetype.startswith(COMPRESSIBLE) or mimetype.endswith("javascript")


def _takes_gzip(request: HttpRequest) -> bool:
    """Whether Accept-Encoding names gzip (or anything) with a weight above 0."""
    return parse_accept_header(request.headers.get("Accept-Encoding")).quality("gzip") > 0
