"""The Dataverse Web API over requests: one place that sends, waits, repeats, and reads errors.

Headers, preconditions and paging: Microsoft Learn, "Compose HTTP requests and handle errors" and "Perform conditional
operations using the Web API". Only requests that may be repeated are: reads, and writes under a precondition.
"""

from __future__ import annotations

import http.cookiejar
import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Protocol

import msgspec
import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError as LowLevelError

from shared.core import backoff, events
from shared.core.backoff import Backoff
from shared.core.bearer import Bearer
from shared.core.clock import Clock, Deadline
from shared.core.errors import (
    DynamicsAccessDenied,
    DynamicsSignInFailed,
    DynamicsThrottled,
    DynamicsUnavailable,
    HunterError,
)
from shared.core.log import get_logger
from shared.dynamics import answers
from shared.dynamics.answers import CrmError, Refusal
from shared.dynamics.gate import Gate, Paused

log = get_logger(__name__)

PATH: Final = "/api/data/v9.2/"
BACKOFF: Final = Backoff(tries=5, first=1.0, most=30.0)
CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 30
ODD_TRIES: Final = 2
"""For a server error that carries a business code: most likely the data are at fault."""
MOST_BYTES: Final = 64 * 1024 * 1024
WORKERS: Final = 8
"""Requests side by side; the service allows 52 of one user (Microsoft Learn, "Service protection API limits")."""
_HEADERS: Final = {
    "Accept": "application/json",
    "OData-Version": "4.0",
    "OData-MaxVersion": "4.0",
    "If-None-Match": "null",
}
_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


class Tokens(Protocol):
    """Where access tokens for the environment come from."""

    def token(self, *, renew: bool = False) -> str:
        """An access token; ``renew`` asks for a fresh one. Raises DynamicsSignInFailed, ConfigurationError."""


@dataclass(frozen=True)
class Answer:
    """An answer that is no error."""

    status: int
    content: dict[str, Any]
    etag: str | None
    entity: str | None
    """The address of the row that was written, where it is given."""


class Lost(Exception):
    """Nobody knows whether a request that must not be repeated was carried out."""


class _Again(Exception):
    """One attempt that failed and may be repeated."""

    def __init__(self, error: HunterError | CrmError, tries: int = BACKOFF.tries, asked: float | None = None) -> None:
        super().__init__()
        self.error, self.tries, self.asked = error, tries, asked


class CrmClient:
    """Requests to one environment; safe from several threads.

    Args:
        url: the environment's address, without a path.
        tokens: gives access tokens.
        clock: the time.
        deadline: when the run's time is up.
        gate: the pause that the service asks for.
    """

    def __init__(self, url: str, tokens: Tokens, clock: Clock, deadline: Deadline, gate: Gate) -> None:
        self.base = url.rstrip("/") + PATH
        self._tokens = tokens
        self._clock = clock
        self._deadline = deadline
        self._gate = gate
        self._session = requests.Session()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=WORKERS, pool_connections=2))
        # The cookie would pin all requests to one web server, and each has limits of its own.
        self._session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        self._lock = threading.Lock()
        self.requests = 0
        """Requests sent, repeated ones among them; tokens don't count."""

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def get(self, path: str, query: str = "", **headers: str) -> dict[str, Any]:
        """Read. Raises CrmError for a refusal, and the errors of the connection."""
        return self.send("GET", f"{path}?{query}" if query else path, headers=headers).content

    def rows(self, path: str, query: str) -> Iterator[dict[str, Any]]:
        """All rows of a list, page by page; links are followed as they are, and on the same address alone."""
        page = self.get(path, query)
        seen = set[str]()
        while True:
            value = page.get("value")
            if not isinstance(value, list):
                raise DynamicsUnavailable("Dynamics 365's answer was no list of records. The next run tries again.")
            yield from (row for row in value if isinstance(row, dict))
            link = page.get("@odata.nextLink")
            if not isinstance(link, str):
                return
            if not link.startswith(self.base) or link in seen:
                raise DynamicsUnavailable(
                    "Dynamics 365's answer pointed to an unknown address; nothing was sent there."
                )
            seen.add(link)
            page = self.get(link.removeprefix(self.base))

    def send(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        repeat: bool = True,
    ) -> Answer:
        """One request, repeated as the table allows.

        Args:
            method: GET, PATCH or POST.
            path: behind the base, with its query.
            body: what is sent as JSON, decimals as numbers.
            headers: beside those that every request has.
            repeat: whether it may be sent again although it may have been carried out.

        Raises:
            CrmError: it was refused; this concerns the record.
            Lost: it must not be repeated, and no answer came.
            DynamicsUnavailable, DynamicsThrottled, DynamicsAccessDenied, DynamicsSignInFailed: this concerns all records.
        """
        data = _encoder.encode(body) if body is not None else None
        renewed = False
        attempt = 1
        while True:
            try:
                return self._attempt(method, path, data, headers or {}, renew=False)
            except _Again as failure:
                error = failure.error
                if isinstance(error, DynamicsSignInFailed) and not renewed:
                    renewed = True
                    self._tokens.token(renew=True)
                    continue
                if isinstance(error, DynamicsUnavailable) and not repeat:
                    raise Lost from None
                if attempt >= failure.tries or not self._waited(attempt, failure.asked):
                    raise error from None
                attempt += 1

    def _waited(self, attempt: int, asked: float | None) -> bool:
        """Wait before the next attempt; False when there is no time for it."""
        if asked is not None:
            return True  # the gate waits, for everybody
        seconds = BACKOFF.wait(attempt)
        if seconds > self._deadline.remaining():
            return False
        self._clock.sleep(seconds)
        return True

    def _attempt(
        self, method: str, path: str, data: bytes | None, headers: Mapping[str, str], *, renew: bool
    ) -> Answer:
        try:
            self._gate.pass_through(self._deadline)
        except Paused as paused:
            raise DynamicsThrottled(retry_after=paused.seconds) from None
        token = self._tokens.token(renew=renew)
        sent = {**_HEADERS, "x-ms-client-request-id": str(uuid.uuid4()), **headers}
        if data is not None:
            sent["Content-Type"] = "application/json; charset=utf-8"
        if method != "GET" and "If-None-Match" not in headers:
            del sent["If-None-Match"]
        with self._lock:
            self.requests += 1
        started = self._clock.monotonic()
        try:
            with self._session.request(
                method,
                self.base + path,
                data=data,
                headers=sent,
                auth=Bearer(token),
                timeout=(CONNECT_SECONDS, min(READ_SECONDS, max(1.0, self._deadline.remaining()))),
                allow_redirects=False,
                stream=True,
            ) as answer:
                content = self._read(answer)
                request_id = _request_id(answer.headers)
        except (requests.exceptions.RequestException, LowLevelError):
            log.warning(events.DYNAMICS_ATTEMPT, method=method, kind="connection")
            raise _Again(DynamicsUnavailable()) from None
        log.info(
            events.DYNAMICS_ATTEMPT,
            method=method,
            status=answer.status_code,
            requestId=request_id,
            durationSeconds=round(self._clock.monotonic() - started, 3),
        )
        if answer.status_code >= 300:
            self._fail(answer, content)
        return Answer(
            answer.status_code,
            _object(content) if content else {},
            answer.headers.get("ETag"),
            answer.headers.get("OData-EntityId"),
        )

    def _read(self, answer: requests.Response) -> bytes:
        pieces, size = [], 0
        while piece := answer.raw.read1(256 * 1024, decode_content=True):
            pieces.append(piece)
            size += len(piece)
            if size > MOST_BYTES:
                raise _Again(DynamicsUnavailable("Dynamics 365's answer is too large."))
        return b"".join(pieces)

    def _fail(self, answer: requests.Response, content: bytes) -> None:
        """Raise what an error answer means."""
        status = answer.status_code
        if status < 400:
            raise DynamicsUnavailable(
                "Dynamics 365 answered with a redirect, which is not followed. Check HUNTER_DYNAMICS_URL.",
                extra={"phrase": "dynamics_unavailable.redirect"},
            )
        refusal = answers.understand(status, content)
        asked = backoff.retry_after(answer.headers, self._clock.now())
        log.warning(
            events.DYNAMICS_REFUSED, status=status, kind=refusal.kind, upstreamCode=refusal.code, waitSeconds=asked
        )
        if refusal.kind == "dynamics_throttled" or (status == 503 and asked is not None):
            seconds = asked if asked is not None else BACKOFF.wait(3, 1.0)
            self._gate.close(seconds)
            raise _Again(DynamicsThrottled(retry_after=seconds), asked=seconds)
        if refusal.kind == "dynamics_sign_in_failed":
            raise _Again(DynamicsSignInFailed(), tries=1)
        if refusal.kind == "dynamics_unavailable" or status == 408:
            raise _Again(DynamicsUnavailable())
        if status >= 500:
            raise _Again(CrmError(refusal), tries=ODD_TRIES)
        if refusal.whole:
            raise DynamicsAccessDenied(refusal.message, extra=refusal.extra)
        raise CrmError(refusal)


def for_all(error: CrmError) -> HunterError:
    """The error of the whole exchange, of a refusal that met no single record: a question about many of them."""
    if error.kind == DynamicsAccessDenied.code:
        return DynamicsAccessDenied(error.refusal.message, extra=error.refusal.extra)
    return DynamicsUnavailable(error.refusal.message, extra=error.refusal.extra)


def _object(content: bytes) -> dict[str, Any]:
    try:
        decoded = _decoder.decode(content)
    except (msgspec.DecodeError, RecursionError):
        decoded = None
    if not isinstance(decoded, dict):
        raise _Again(DynamicsUnavailable("Dynamics 365's answer could not be read. The next run tries again."))
    return decoded


def _request_id(headers: Mapping[str, str]) -> str | None:
    """Microsoft's request id, if it looks like one: it goes into the log."""
    value = headers.get("x-ms-service-request-id") or headers.get("REQ_ID")
    return value if value and len(value) <= 64 and value.replace("-", "").isalnum() else None


__all__ = ["WORKERS", "Answer", "CrmClient", "CrmError", "Lost", "Refusal", "Tokens", "for_all"]
